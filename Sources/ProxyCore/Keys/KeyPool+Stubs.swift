extension KeyPool {
    /// Notes both clocks; answers whether the time of day stepped by more than a second, so that deadlines which are times of
    /// day of a provider moved.
    public mutating func noteClock(at moment: Moment) -> Bool {
        false
    }

    /// Which key ``choose(_:at:)`` would take, and a verdict for every key of every provider.
    ///
    /// Nothing changes.
    public func explain(_ demand: KeyDemand, at now: Instant) -> KeyExplanation {
        KeyExplanation(chosen: nil, selection: nil, verdicts: [])
    }

    /// Undoes what a failure of this request did to the key: the same failure on a second key showed that the request is to
    /// blame, or the provider.
    public mutating func forgive(
        _ request: UInt64, on grant: KeyGrant, model: ModelName?, at moment: Moment
    ) -> [KeyTransition] {
        []
    }

    /// Whether all keys of the provider rest because they were limited within one second: that is a limit of the address or
    /// the account.
    public func isLimitedAsAWhole(_ provider: ProviderName, at now: Instant) -> Bool {
        false
    }

    /// The keys that a background check decides on now, those checked longest ago first.
    public func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant] {
        []
    }

    /// When the next check becomes due; it has passed while one is. `nil` if there is none.
    public var nextCheck: Instant? { nil }

    /// The keys whose usage should be asked for at once, because they are used up until nobody knows when.
    public var refreshesWanted: [KeyGrant] { [] }

    /// Notes that a background check of the key begins; `false` if it must not: the grant is outdated, or another check runs.
    public mutating func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool {
        false
    }

    /// Notes how a background check ended, and answers what that changed.
    public mutating func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment) -> [KeyTransition] {
        []
    }

    /// Notes what the header fields of an answer told of limits, and answers what that changed.
    public mutating func note(
        _ windows: [UsageWindow], of grant: KeyGrant, begun: Instant, at moment: Moment
    ) -> [KeyTransition] {
        []
    }
}
