/// Decides whether the service manager is told that the daemon is alive (`WatchdogSec=`): only while every part of it makes
/// progress.
///
/// Each part is asked for a sign again and again; one that owes its sign for longer than its limit hangs, and nothing is
/// told until it has come. A pure value: time passes in as nanoseconds of a clock that never jumps.
public struct Watchdog: Sendable {
    /// A part that has to make progress.
    public struct Part: Sendable, Hashable {
        /// Its name, for the log.
        public var name: String
        /// How long it may owe a sign, in nanoseconds.
        public var limit: Int64

        /// Describes a part.
        public init(name: String, limit: Int64) {
            self.name = name
            self.limit = limit
        }
    }

    /// What is to be done at a tick.
    public struct Step: Sendable, Equatable {
        /// The parts that are to be asked for a sign, by their number.
        public var asked: [Int] = []
        /// Whether the service manager is to be told that all is well.
        public var feeds = false
        /// Parts that hang, of which nothing was said before.
        public var hanging: [Int] = []
    }

    private struct State {
        var part: Part
        /// Since when it has owed a sign; `nil` if it owes none.
        var owedSince: Int64?
        var isReported = false
    }

    /// How often ``tick(at:)`` is to be called, in nanoseconds: a quarter of the interval, so that a sign that comes at once is
    /// always in time, and twice the tick is half of the interval.
    public let period: Int64
    private let feedInterval: Int64
    private var states: [State]
    private var lastTick: Int64?
    private var lastFed: Int64?

    /// Makes a watchdog for an interval of the service manager, in nanoseconds.
    public init(interval: Int64, parts: [Part]) {
        self.feedInterval = max(2, interval / 2)
        self.period = max(1, interval / 4)
        self.states = parts.map { State(part: $0) }
    }

    /// The parts, in the order of their numbers.
    public var parts: [Part] { self.states.map(\.part) }

    /// A part has given the sign that it was asked for.
    public mutating func progressed(_ index: Int) {
        self.states[index].owedSince = nil
        self.states[index].isReported = false
    }

    /// Time has passed.
    public mutating func tick(at now: Int64) -> Step {
        self.forgive(at: now)
        var step = Step()
        var isWell = true
        for index in self.states.indices {
            guard let since = self.states[index].owedSince else {
                self.states[index].owedSince = now
                step.asked.append(index)
                continue
            }
            guard now - since > self.states[index].part.limit else { continue }
            isWell = false
            if !self.states[index].isReported {
                self.states[index].isReported = true
                step.hanging.append(index)
            }
        }
        // Ticks are a little late now and then; that must not cost a whole one.
        let isDue = self.lastFed.map { now - $0 >= self.feedInterval - self.period / 2 } ?? true
        if isWell, isDue {
            step.feeds = true
            self.lastFed = now
        }
        return step
    }

    /// A tick that is late itself tells that the whole process stood still, for which no part is to blame.
    private mutating func forgive(at now: Int64) {
        defer { self.lastTick = now }
        guard let lastTick, now - lastTick > 2 * self.period else { return }
        let lost = now - lastTick - self.period
        for index in self.states.indices {
            self.states[index].owedSince = self.states[index].owedSince.map { $0 + lost }
        }
    }
}
