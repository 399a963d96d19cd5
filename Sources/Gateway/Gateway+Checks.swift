public import ProxyCore
import Synchronization

/// What the background checks of keys ask of the gateway and tell it.
extension Gateway: KeyCheckHost {
    /// The keys on whose rest a check decides now.
    public func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant] {
        self.dispatcher.read { $0.pool.checksDue(at: now, atMost: count) }
    }

    /// When the next of them becomes due.
    public var nextCheck: Instant? { self.dispatcher.read { $0.pool.nextCheck } }

    /// The keys whose usage should be asked for soon.
    public var refreshesWanted: [KeyGrant] { self.dispatcher.read { $0.pool.refreshesWanted } }

    /// A provider is about to be asked about a key.
    public func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool {
        let moment = Moment(instant: now, wallTime: self.time.wallTime())
        return self.dispatcher.step { $0.beginCheck(grant, at: moment) }.result
    }

    /// What became of that.
    public func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment) {
        _ = self.dispatcher.step { $0.endCheck(grant, result, at: moment) }
        self.tellNews()
    }

    /// The usage endpoint refused a key: it is checked by another question.
    public func wantCheck(of grant: KeyGrant, at now: Instant) {
        self.checks.withLock { $0 }?.wantProbe(of: grant)
    }

    /// Has the background checks told when something may have become due; `nil` for none.
    public func setChecks(_ checks: KeyChecks?) {
        self.checks.withLock { $0 = checks }
    }

    /// A key was refused, or the configuration is another one: something may have become due.
    func wakeChecks() {
        self.checks.withLock { $0 }?.wake()
    }
}
