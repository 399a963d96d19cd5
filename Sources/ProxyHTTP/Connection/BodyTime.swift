import ProxyCore

/// The time that a request's body has: it runs while the responder takes the body and stands still otherwise.
///
/// Each 16 KiB that arrive buy a second, but never more than the whole time again: whoever stalls is cut after that at
/// most, and a body of any size passes at a steady 16 KiB/s.
struct BodyTime: Sendable, Equatable {
    /// When the time is over; `nil` while it stands still, or without a limit.
    private(set) var deadline: Instant?

    private let whole: Duration?
    private var left: Duration?
    private var uncreditedBytes = 0

    /// Makes the time of a body that nobody takes yet; `nil` is no limit.
    init(limit: Duration?) {
        self.whole = limit
        self.left = limit
    }

    /// The body is wanted: its time runs.
    mutating func run(at now: Instant) {
        guard self.deadline == nil, let left = self.left else { return }
        self.deadline = now + left
    }

    /// The body is held back: its time stands still.
    mutating func pause(at now: Instant) {
        if let deadline = self.deadline { self.left = max(.zero, deadline - now) }
        self.deadline = nil
    }

    /// The body is complete, or of no interest any more.
    mutating func end() {
        self.deadline = nil
        self.left = nil
    }

    /// Bytes of the body have been taken.
    mutating func arrived(bytes: Int, at now: Instant) {
        guard let deadline = self.deadline, let whole = self.whole else { return }
        self.uncreditedBytes += bytes
        let seconds = self.uncreditedBytes / ConnectionLimits.bytesPerSecondOfBody
        self.uncreditedBytes -= seconds * ConnectionLimits.bytesPerSecondOfBody
        self.deadline = min(deadline + .seconds(seconds), now + whole)
    }
}
