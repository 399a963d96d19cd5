/// Which refusals of strangers the log is told of, so that nobody fills it by being refused.
///
/// Of those of the same kind, the same reason and the same caller the first one in ``span`` is told; addresses of IPv6 count
/// by their first half. One caller has no more than ``mostOfOne`` lines of a kind in that time, all together ``most``.
/// Whatever is not told is counted, and the next line of its kind says how many those were. Decisions only, no I/O.
public struct RefusalNotices: Sendable {
    /// How long the first one stands for all that are the same.
    public static let span = Duration.seconds(60)
    /// So many lines of a kind are told in that time.
    public static let most = 24
    /// So many of them of one caller.
    public static let mostOfOne = 6

    private struct Line: Hashable {
        let caller: LimitKey
        let reason: String
    }

    private struct Kind {
        var began: Instant
        var lines: Set<Line> = []
        var untold = 0
    }

    private var kinds: [String: Kind] = [:]

    /// Nothing has been told.
    public init() {}

    /// One more refusal; `nil` if it is not told, else how many of its kind were not told before it.
    ///
    /// - Parameters:
    ///   - kind: The kind, one of a closed set.
    ///   - reason: Why, a phrase of a closed set.
    ///   - caller: Who was refused.
    ///   - now: When.
    public mutating func note(_ kind: String, _ reason: String, of caller: CallerIdentity, at now: Instant) -> Int? {
        let line = Line(caller: LimitKey(caller), reason: reason)
        var state = self.kinds[kind] ?? Kind(began: now)
        defer { self.kinds[kind] = state }
        if now - state.began >= Self.span { (state.began, state.lines) = (now, []) }
        guard !state.lines.contains(line), state.lines.count < Self.most,
            state.lines.count(where: { $0.caller == line.caller }) < Self.mostOfOne
        else {
            state.untold += 1
            return nil
        }
        state.lines.insert(line)
        defer { state.untold = 0 }
        return state.untold
    }
}
