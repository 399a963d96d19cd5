public import ProxyCore

/// What the checks of keys need of those who keep the keys.
///
/// Called on the event loop of the checks; nothing here may wait. Grants that a reload has made old are ignored.
public protocol KeyCheckHost: Sendable {
    /// The configuration in force.
    var snapshot: GatewaySnapshot { get }
    /// The keys on whose rest a check decides now, those checked longest ago first.
    func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant]
    /// When the next of them becomes due; has passed while one is. `nil` for none.
    var nextCheck: Instant? { get }
    /// The keys whose usage should be asked for soon, because they are used up until nobody knows when.
    var refreshesWanted: [KeyGrant] { get }
    /// A provider is asked about a key, be it for its usage; `false` if it must not, because that is going on already or the
    /// grant is old.
    func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool
    /// What was begun has ended.
    ///
    /// Where only the usage was asked for, the result is never a refusal.
    func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment)
    /// The usage endpoint refused the key: a reason to check it, and nothing more (provider facts, section 2.2, rule 6).
    func wantCheck(of grant: KeyGrant, at now: Instant)
}
