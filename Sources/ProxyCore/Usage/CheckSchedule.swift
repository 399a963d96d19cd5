/// When the usage of which key is asked for: now and then, spread over the keys, one call at a time for each key, and ever
/// more seldom while it fails (K-027, K-032, K-044).
///
/// It holds the keys that ``update(_:at:)`` names and no other. Nothing here reads a clock or makes a call: whoever owns
/// it takes from ``takeDue(at:)`` and tells with ``ended(_:_:at:)`` what became of it.
public struct CheckSchedule: Sendable {
    /// How many calls run at once, and how failures are answered.
    public struct Policy: Sendable {
        /// Calls at once to one provider, at least 1: enough that a provider which hangs delays twenty keys by one timeout
        /// and not by several (K-044).
        public var atOncePerProvider = 32
        /// Calls at once in all, at least 1: several providers that hang leave room for the others.
        public var atOnce = 128
        /// After a first failure; doubles with each further one.
        public var backoff: Duration = .seconds(30)
        /// The longest back-off; a provider that names a longer wait gets it.
        public var maximumBackoff: Duration = .seconds(3_600)
        /// How soon after it appears a key is asked about at the latest.
        public var settling: Duration = .seconds(30)
        /// How soon after the last call a key is asked about again out of turn at the earliest, unless a person wants it.
        public var pause: Duration = .seconds(120)

        /// Makes the usual one.
        public init() {}
    }

    /// A key whose usage can be asked for.
    public struct Target: Sendable, Equatable {
        /// The key, and which of all that bore its label.
        public var grant: KeyGrant
        /// Its provider.
        public var provider: ProviderName
        /// How often it is asked about; `nil` for only when a person wants it.
        public var interval: Duration?

        /// Makes a target.
        public init(grant: KeyGrant, provider: ProviderName, interval: Duration?) {
            self.grant = grant
            self.provider = provider
            self.interval = interval
        }
    }

    /// Who wants a key's usage to be asked for out of turn.
    public enum Wish: Sendable, Equatable {
        /// A person: at once, whatever failed before, but not before the time that the provider named.
        case person
        /// The daemon, because a window of the key is used up until nobody knows when: within the back-off.
        case daemon
    }

    /// What becomes of a wish.
    public enum Answer: Sendable, Equatable {
        /// It is next.
        case next
        /// A call is under way already; its end is the answer (single flight).
        case underWay
        /// It is not asked for: there is no such key, or the provider or the back-off forbids it now.
        case refused
    }

    /// How a call ended.
    public enum End: Sendable, Equatable {
        /// It told the usage.
        case succeeded
        /// It did not; the provider may have said when to try again.
        case failed(retryAfter: Duration?)
        /// It was given up by us and says nothing.
        case abandoned
    }

    private struct Entry {
        var target: Target
        /// The place among the keys of the provider, 0 to 1, which spreads them over the interval.
        var share: Double
        /// When it is asked about next; `nil` for never.
        var due: Instant?
        /// When it was asked about last.
        var asked: Instant?
        var isWanted = false
        var isUnderWay = false
        var hasSucceeded = false
        /// Failures in a row.
        var failures = 0
        /// The provider wants to be left alone until then.
        var forbidden: Instant?

        /// When it may be asked about next; `nil` while it is, or never.
        var nextCall: Instant? { self.isUnderWay ? nil : self.due }
    }

    private let policy: Policy
    private var entries: [KeyLabel: Entry] = [:]
    /// Calls under way whose key has gone or was renewed since; they take up room until they end.
    private var orphans: [KeyGrant: ProviderName] = [:]
    private var random: SeededGenerator
    /// How many times its interval a key is left alone for; 1 unless ``slow(by:at:)`` says otherwise.
    private var slowness = 1

    /// Makes a schedule without keys.
    public init(policy: Policy = Policy(), seed: UInt64) {
        self.policy = policy
        self.random = SeededGenerator(seed: seed)
    }

    // MARK: The keys

    /// Takes over the keys there are; what is known of one that stays as it is stays, the others are forgotten.
    public mutating func update(_ targets: [Target], at now: Instant) {
        var counts: [ProviderName: Int] = [:]
        for target in targets { counts[target.provider, default: 0] += 1 }
        var places: [ProviderName: Int] = [:]
        var kept: [KeyLabel: Entry] = [:]
        for target in targets where kept[target.grant.label] == nil {
            let place = places[target.provider, default: 0]
            places[target.provider] = place + 1
            let share = Double(place) / Double(counts[target.provider] ?? 1)
            kept[target.grant.label] = self.entry(for: target, share: share, at: now)
        }
        for entry in self.entries.values
        where entry.isUnderWay && kept[entry.target.grant.label]?.target.grant != entry.target.grant {
            self.orphans[entry.target.grant] = entry.target.provider
        }
        self.entries = kept
    }

    private mutating func entry(for target: Target, share: Double, at now: Instant) -> Entry {
        if var known = self.entries[target.grant.label], known.target.grant == target.grant,
            known.target.provider == target.provider
        {
            if known.target.interval != target.interval {
                known.target = target
                known.due = self.firstDue(of: target, share: share, at: now)
            }
            known.share = share
            return known
        }
        return Entry(target: target, share: share, due: self.firstDue(of: target, share: share, at: now))
    }

    /// Keys are not asked about at once: whoever only starts the daemon sends nothing to a provider, and those of a
    /// provider are spread.
    private mutating func firstDue(of target: Target, share: Double, at now: Instant) -> Instant? {
        target.interval.map { now + min($0, self.policy.settling) * ((1 + share) / 2 * self.jitter(0.9...1)) }
    }

    /// How many keys it holds.
    public var count: Int { self.entries.count }

    // MARK: What is next

    /// When ``takeDue(at:)`` has something next, as far as there is room for it; `nil` for not before a call has ended.
    public var next: Instant? {
        let room = self.room()
        guard room.inAll > 0 else { return nil }
        return self.entries.values.compactMap { entry in
            (room.of[entry.target.provider] ?? self.policy.atOncePerProvider) > 0 ? entry.nextCall : nil
        }.min()
    }

    /// Takes the keys that are to be asked about now, those wanted first and then those that were due longest; each counts
    /// as under way until ``ended(_:_:at:)``.
    public mutating func takeDue(at now: Instant) -> [KeyGrant] {
        let due = self.entries.values.filter { $0.nextCall.map { $0 <= now } ?? false }
        guard !due.isEmpty else { return [] }
        var room = self.room()
        var taken: [KeyGrant] = []
        for entry in due.sorted(by: Self.isBefore) {
            guard room.inAll > 0 else { break }
            let provider = entry.target.provider
            let left = room.of[provider] ?? self.policy.atOncePerProvider
            guard left > 0 else { continue }
            room.inAll -= 1
            room.of[provider] = left - 1
            let label = entry.target.grant.label
            self.entries[label]?.isUnderWay = true
            self.entries[label]?.isWanted = false
            self.entries[label]?.asked = now
            taken.append(entry.target.grant)
        }
        return taken
    }

    /// Wishes that a key's usage be asked for out of turn.
    public mutating func want(_ label: KeyLabel, by wish: Wish, at now: Instant) -> Answer {
        guard var entry = self.entries[label] else { return .refused }
        if entry.isUnderWay { return .underWay }
        if let forbidden = entry.forbidden, forbidden > now { return .refused }
        if entry.isWanted { return .next }
        if wish == .daemon {
            guard entry.target.interval != nil, entry.failures == 0 else { return .refused }
            let earliest = entry.asked.map { $0 + self.policy.pause } ?? now
            guard earliest <= now else {
                // Soon is good enough, and a key that is refused again and again is not asked about each time.
                entry.due = min(entry.due ?? earliest, earliest)
                self.entries[label] = entry
                return .next
            }
        }
        entry.isWanted = true
        entry.due = now
        self.entries[label] = entry
        return .next
    }

    /// Notes how a call ended; one for a key that is gone or was renewed changes nothing for that label.
    public mutating func ended(_ grant: KeyGrant, _ end: End, at now: Instant) {
        guard var entry = self.entries[grant.label], entry.target.grant == grant, entry.isUnderWay else {
            self.orphans[grant] = nil
            return
        }
        entry.isUnderWay = false
        switch end {
        case .succeeded:
            entry.due = entry.target.interval.map { now + $0 * (Double(self.slowness) * self.spread(of: entry)) }
            entry.hasSucceeded = true
            entry.failures = 0
            entry.forbidden = nil
        case .failed(let retryAfter):
            let step = self.backoff(after: entry.failures) * self.jitter(0.5...1)
            entry.failures += 1
            // What the provider asks for is the least, so jitter goes on top of it.
            entry.forbidden = retryAfter.map { now + $0 * self.jitter(1...1.1) }
            let due = max(now + step, entry.forbidden ?? now)
            entry.due = entry.target.interval == nil ? nil : due
        case .abandoned:
            entry.due = entry.target.interval == nil ? nil : now + self.policy.backoff
        }
        self.entries[grant.label] = entry
    }

    // MARK: Surroundings

    /// Asks about each key so many times more seldom than its interval says, from now on; 1 for as often as it says.
    ///
    /// A wait that runs is stretched or shortened by as much. What a person wants, and what failed, keeps its time.
    public mutating func slow(by factor: Int, at now: Instant) {
        let factor = max(1, factor)
        guard factor != self.slowness else { return }
        for (label, entry) in self.entries where entry.hasSucceeded && entry.failures == 0 && !entry.isWanted {
            guard let asked = entry.asked, let due = entry.nextCall, due > now else { continue }
            self.entries[label]?.due = max(now, asked + (due - asked) / self.slowness * factor)
        }
        self.slowness = factor
    }

    /// Asks at once where it failed, unless the provider forbids it: the way there is another one now.
    ///
    /// If it fails again the back-off goes on where it was.
    public mutating func retryFailed(at now: Instant) {
        for (label, entry) in self.entries where entry.failures > 0 {
            guard let due = entry.nextCall else { continue }
            self.entries[label]?.due = min(due, max(now, entry.forbidden ?? now))
        }
    }

    // MARK: Parts

    /// The factor of the interval: the first time the keys of a provider are spread over its second half, so that they
    /// do not all come together for ever because they were added together; then around the whole of it.
    private mutating func spread(of entry: Entry) -> Double {
        guard entry.hasSucceeded else { return (0.5 + 0.5 * entry.share) * self.jitter(0.95...1) }
        return self.jitter(0.9...1.1)
    }

    private func backoff(after failures: Int) -> Duration {
        let step = self.policy.backoff * (1 << min(failures, 16))
        return min(step, self.policy.maximumBackoff)
    }

    private mutating func jitter(_ range: ClosedRange<Double>) -> Double {
        .random(in: range, using: &self.random)
    }

    /// How many more calls may begin, in all and by provider as far as any is under way.
    private func room() -> (inAll: Int, of: [ProviderName: Int]) {
        var of: [ProviderName: Int] = [:]
        var inAll = self.policy.atOnce
        func count(_ provider: ProviderName) {
            inAll -= 1
            of[provider, default: self.policy.atOncePerProvider] -= 1
        }
        for entry in self.entries.values where entry.isUnderWay { count(entry.target.provider) }
        for provider in self.orphans.values { count(provider) }
        return (inAll, of)
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        if left.isWanted != right.isWanted { return left.isWanted }
        if left.due != right.due { return left.due.map { due in right.due.map { due < $0 } ?? true } ?? false }
        return left.target.grant.label < right.target.grant.label
    }
}
