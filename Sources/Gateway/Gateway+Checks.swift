public import ProxyCore
import Synchronization

/// What the background checks of keys ask of the gateway and tell it.
extension Gateway: KeyCheckHost {
    public func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant] {
        self.dispatcher.read { $0.pool.checksDue(at: now, atMost: count) }
    }

    public var nextCheck: Instant? { self.dispatcher.read { $0.pool.nextCheck } }

    public var refreshesWanted: [KeyGrant] { self.dispatcher.read { $0.pool.refreshesWanted } }

    public func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool {
        let moment = Moment(instant: now, wallTime: self.time.wallTime())
        return self.dispatcher.step { $0.beginCheck(grant, at: moment) }.result
    }

    public func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment) {
        _ = self.dispatcher.step { $0.endCheck(grant, result, at: moment) }
        self.tellNews()
    }

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

    public func noteUsage(_ report: UsageReport, of grant: KeyGrant, at moment: Moment) {
        // The windows came with the end of the check; what else an account tells has no place to be shown yet.
    }
}
