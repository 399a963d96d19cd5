/// What answers are compared with one another: the same model at the same provider, streams apart, whose first byte comes
/// long before the last.
public struct LatencySource: Sendable, Hashable {
    /// The provider.
    public var provider: ProviderName
    /// The model, as the provider names it.
    public var model: ModelName?
    /// Whether the answer is a stream of events.
    public var isStream: Bool

    /// Describes a source.
    public init(provider: ProviderName, model: ModelName?, isStream: Bool) {
        self.provider = provider
        self.model = model
        self.isStream = isStream
    }

    /// How long an attempt took to begin its answer, as it is compared; `nil` where it says nothing.
    ///
    /// What a caller takes to send its body is no time of the provider's: that runs from when the body was whole, if it was
    /// not when the attempt began. An answer that begins before the body is whole did not wait for it.
    ///
    /// - Parameter bodyEnded: When the body was whole; `nil` if it is still on its way.
    public static func time(begun: Instant, bodyEnded: Instant?, answered: Instant) -> Duration? {
        bodyEnded.map { max(.zero, answered - max(begun, $0)) }
    }
}

/// How many requests are let in at once, lowered while providers fall behind.
///
/// The signal. The time to the first byte of two requests cannot be compared: a long prompt takes a minute where a short one
/// takes half a second. So each answer is compared with the usual level of its own model only (a mean of logarithms, so that
/// one long prompt weighs little, over about ``levelMemory``), and what counts is how many of the answers of the last
/// ``window`` took more than twice their level: at least half of eight or more. A handful of callers with long prompts are
/// a minority of the answers, or too few, or do not fill the limit; a provider that falls behind is slow for all. The other
/// signal is the share of attempts that a provider answers with "rate limited" or "overloaded": three in ten.
///
/// The action. Only where the limit is in fact used, a quarter of it is taken away, at most once in ``pause``, and
/// never below eight or a quarter of what is configured. When a pause has passed without a signal a sixteenth of what
/// is configured comes back, and so on. A level that stays becomes the usual one after some minutes.
struct AdaptiveLimit: Sendable {
    /// The stretch of time that is judged: half of what a change may take.
    static let window = Duration.seconds(5)
    /// The time between two changes.
    static let pause = Duration.seconds(10)
    /// How long a level takes to be the usual one.
    static let levelMemory = Duration.seconds(300)
    /// How many sources are told apart; of more than that the one that was silent longest is forgotten.
    static let sourceCapacity = 128
    /// So many answers make a level.
    private static let answersOfLevel = 16
    /// So many answers can be judged.
    private static let (fewestAnswers, fewestAttempts) = (8, 10)
    /// Shorter times are taken for this: what a busy machine adds to them says nothing of a provider.
    private static let shortestTime = Duration.milliseconds(50)

    /// The usual level of a source.
    private struct Level {
        /// The mean of the binary logarithms of the times, in nanoseconds.
        var mean = 0.0
        var answers = 0
        var last: Instant
    }

    /// What happened within a second.
    private struct Second {
        var number = Int64.min
        /// Answers that could be compared, and those that took more than twice their level.
        var compared = 0
        var slow = 0
        var answers = 0
        var overloads = 0
        var wasFull = false
    }

    /// The limit right now; `nil` for none.
    private(set) var limit: Int?
    private var configured: Int?
    private var isOn: Bool
    private var levels: [LatencySource: Level] = [:]
    private var seconds = [Second](repeating: Second(), count: 5)
    private var nextLowering = Instant(nanoseconds: .min)
    private var nextRaising = Instant(nanoseconds: .min)

    /// Begins with what is configured.
    init(_ configured: Int?, isOn: Bool) {
        self.limit = configured
        self.configured = configured
        self.isOn = isOn
    }

    /// Takes over what is configured now.
    mutating func reconfigure(_ configured: Int?, isOn: Bool, at now: Instant) {
        let wasWhole = self.limit == self.configured
        self.configured = configured
        self.isOn = isOn
        guard isOn, !wasWhole, let limit, let configured else {
            self.limit = configured
            return
        }
        self.limit = max(self.floor, min(limit, configured))
    }

    /// What is never gone below.
    private var floor: Int {
        guard let configured else { return .max }
        return min(configured, max(8, configured / 4))
    }

    private var canMove: Bool { self.isOn && self.floor < (self.configured ?? 0) }

    // MARK: Signals

    /// So many requests are in that the limit is in use.
    mutating func noteFull(at now: Instant) {
        guard self.canMove else { return }
        self.update(now) { $0.wasFull = true }
    }

    /// An answer has begun.
    mutating func noteFirstByte(after time: Duration, of source: LatencySource, at now: Instant) {
        guard self.canMove else { return }
        let own = Self.logarithm(max(Self.shortestTime, time).nanoseconds)
        var level = self.levels[source] ?? Level(last: now)
        let isKnown = level.answers >= Self.answersOfLevel
        let isSlow = isKnown && own > level.mean + 1
        let weight =
            isKnown
            ? min((now - level.last).seconds / Self.levelMemory.seconds, 1.0 / Double(Self.answersOfLevel))
            : 1 / Double(level.answers + 1)
        level.mean += (own - level.mean) * weight
        level.answers = min(level.answers + 1, Self.answersOfLevel)
        level.last = now
        if self.levels[source] == nil, self.levels.count >= Self.sourceCapacity,
            let silent = self.levels.min(by: { $0.value.last < $1.value.last })?.key
        {
            self.levels[silent] = nil
        }
        self.levels[source] = level
        self.update(now) { second in
            second.answers += 1
            if isKnown { second.compared += 1 }
            if isSlow { second.slow += 1 }
        }
    }

    /// A provider said that it has too much to do.
    mutating func noteOverload(at now: Instant) {
        guard self.canMove else { return }
        self.update(now) { $0.overloads += 1 }
    }

    private mutating func update(_ now: Instant, _ body: (inout Second) -> Void) {
        let number = now.nanoseconds / 1_000_000_000
        let place = Int(number.magnitude % UInt64(self.seconds.count))
        if self.seconds[place].number != number { self.seconds[place] = Second(number: number) }
        body(&self.seconds[place])
    }

    /// The binary logarithm, less than a tenth off, which does for what is at least a doubling.
    private static func logarithm(_ value: Int64) -> Double {
        let value = Double(value)
        return Double(value.exponent) + value.significand - 1
    }

    // MARK: Action

    /// Judges what happened lately; to be called about once in a second.
    mutating func advance(to now: Instant) {
        guard self.canMove, var limit, let configured else { return }
        let (isTroubled, isUsed) = self.judge(now)
        if isTroubled {
            self.nextRaising = now + Self.pause
            guard isUsed, now >= self.nextLowering, limit > self.floor else { return }
            self.nextLowering = now + Self.pause
            limit = max(self.floor, limit - max(1, limit / 4))
        } else {
            while limit < configured, now >= self.nextRaising {
                limit = min(configured, limit + max(1, configured / 16))
                self.nextRaising = self.nextRaising + Self.pause
            }
        }
        self.limit = limit
    }

    private func judge(_ now: Instant) -> (isTroubled: Bool, isUsed: Bool) {
        let oldest = now.nanoseconds / 1_000_000_000 - Int64(Self.window.components.seconds)
        var sum = Second()
        for second in self.seconds where second.number > oldest {
            sum.compared += second.compared
            sum.slow += second.slow
            sum.answers += second.answers
            sum.overloads += second.overloads
            if second.wasFull { sum.wasFull = true }
        }
        let isSlow = sum.compared >= Self.fewestAnswers && sum.slow * 2 >= sum.compared
        let attempts = sum.answers + sum.overloads
        let isRefused = attempts >= Self.fewestAttempts && sum.overloads * 10 >= attempts * 3
        return (isSlow || isRefused, sum.wasFull)
    }
}
