/// How long a provider that called itself overloaded is left in peace, its keys being blameless.
///
/// The rest is 1 s at first and doubles up to 30 s; it grows once for each rest and not for each request, since those that
/// run at the same time all bring the same news. What the provider asks for counts instead, within the same bounds: who
/// asks for more is not believed, because overloads end when they end.
public struct OverloadRest: Sendable, Equatable {
    /// The first and shortest rest.
    public static let shortest: Duration = .seconds(1)
    /// The longest rest.
    public static let longest: Duration = .seconds(30)

    /// Until when it rests, or rested last; `nil` if nothing is known against it.
    public private(set) var until: Instant?
    private var begun: Instant?
    private var step = 0

    /// Makes one for a provider of which nothing is known.
    public init() {}

    /// The provider has answered that it is overloaded.
    ///
    /// The end of a rest that is running may move away and never comes nearer.
    ///
    /// - Parameters:
    ///   - hint: How long it asks to be left alone.
    ///   - begun: When the attempt began.
    public mutating func overloaded(hint: Duration?, begun: Instant, at now: Instant) {
        let current = self.until
        // An attempt that began before the last rest was over tells nothing of whether that was long enough.
        if let current, begun >= current { self.step = min(self.step + 1, Self.highestStep) }
        let isResting = current.map { now < $0 } ?? false
        if !isResting { self.begun = now }
        let ladder = Backoff(base: Self.shortest, cap: Self.longest).bound(step: self.step)
        guard let length = hint ?? (isResting ? nil : ladder) else { return }
        let end = now + min(max(length, Self.shortest), Self.longest)
        self.until = current.map { max($0, end) } ?? end
    }

    /// The provider has served a request: if the attempt began after the rest did, the overload is over.
    public mutating func succeeded(begun: Instant) {
        if let restBegun = self.begun, begun > restBegun { self = OverloadRest() }
    }

    /// 1 s doubled so often is beyond the longest rest.
    private static let highestStep = 5
}
