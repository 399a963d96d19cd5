/// The window of bodies that come in (RFC 9113 §5.2): how much the other side may still send, and when to let it send
/// more.
struct InboundWindow: Sendable, Equatable {
    /// What the other side may have on its way to us.
    let target: Int
    /// What it may still send.
    private(set) var left: Int

    /// Makes a window that is as large as the protocol has it at the beginning.
    init(target: Int, left: Int = 65_535) {
        self.target = target
        self.left = left
    }

    /// The window is now so large.
    mutating func changed(to left: Int) {
        self.left = left
    }

    /// How much more is to be let in with `held` bytes of what came not yet handed on; `nil` for nothing yet.
    ///
    /// Once half of the window is used up, so that not every piece is answered.
    mutating func increment(held: Int) -> Int? {
        let open = self.left + held
        guard open <= self.target / 2 else { return nil }
        let increment = self.target - open
        self.left += increment
        return increment
    }
}
