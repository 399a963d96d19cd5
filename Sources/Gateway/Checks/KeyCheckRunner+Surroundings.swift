import ProxyCore

/// What the machine around the daemon has to do with the checks.
extension KeyCheckRunner {
    /// At most so many keys wait for a check before their time.
    private static let mostEarly = 32

    /// Asks for usage so many times more seldom than configured; 1 for as often.
    func slow(by factor: Int) {
        self.schedule.slow(by: factor, at: self.now)
        self.step()
    }

    /// Begins what is due by the keys' clock, what failed for want of a way to the provider, and checks of these keys, within
    /// the bounds that hold for all.
    func lookAgain(at labels: [KeyLabel]) {
        self.schedule.retryFailed(at: self.now)
        let new = labels.filter { !self.early.contains($0) }
        self.early += new.prefix(max(0, Self.mostEarly - self.early.count))
        self.step()
    }
}
