extension Dispatcher {
    /// Makes the next request to a provider use a certain key; see ``KeyPool/rotate(to:of:at:)``.
    public mutating func rotate(
        to label: KeyLabel?, of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        try self.pool.rotate(to: label, of: provider, at: now)
    }

    /// Ends every rest of every key, and forgets how the providers failed (K-019).
    public mutating func resetAll(at now: Moment) {
        self.catchUp(now)
        self.tell(self.pool.resetAll(at: now.instant))
        for name in self.providers.keys.sorted() { self.resetProvider(name, at: now) }
    }

    /// Ends every rest of one key (K-019).
    public mutating func reset(_ label: KeyLabel, at now: Moment) {
        self.catchUp(now)
        self.tell(self.pool.reset(label, at: now.instant))
    }

    /// Tells of rests that are over by themselves.
    public mutating func expire(at now: Moment) {
        self.catchUp(now)
    }

    /// Tells, once, when the requests that a key serves have ended, by the news ``DispatchNews/ended(_:)``: at once if it
    /// serves none.
    ///
    /// That no new ones begin is up to whoever asks.
    public mutating func awaitEnd(of label: KeyLabel) {
        self.awaitedEnds.insert(label)
    }

    /// Tells of the awaited ends that have come; called behind every step, since a key may be let go and taken again within
    /// one.
    public mutating func tellEnds() {
        guard !self.awaitedEnds.isEmpty else { return }
        for label in self.awaitedEnds.sorted() where self.pool.requestsInFlight(on: label) == 0 {
            self.awaitedEnds.remove(label)
            self.news.append(.ended(label))
        }
    }

    private mutating func resetProvider(_ provider: ProviderName, at now: Moment) {
        let old = self.providers[provider]?.breaker.state(at: now.instant) ?? .closed
        self.providers[provider]?.breaker = Breaker(policy: self.policy.breaker)
        self.providers[provider]?.overload = OverloadRest()
        guard old != .closed else { return }
        self.memoryRevision &+= 1
        self.news.append(.breaker(provider, old: old, new: .closed, retryAt: nil))
    }

    // MARK: What the daemon itself learns

    /// Begins to ask a provider about a key, without a request of a caller; `false` if somebody does already, or the key is
    /// another one by now.
    public mutating func beginCheck(_ grant: KeyGrant, at now: Moment) -> Bool {
        self.pool.beginCheck(grant, at: now.instant)
    }

    /// The way to the providers is another one than a moment ago: those that are left alone because they could not be asked,
    /// or failed, are asked by the next request.
    ///
    /// What they said themselves, of their load and of keys, stands.
    public mutating func surroundingsChanged(at now: Moment) {
        self.catchUp(now)
        for name in self.providers.keys.sorted()
        where self.providers[name]?.breaker.allowProbe(at: now.instant) ?? false {
            self.memoryRevision &+= 1
            self.news.append(.breaker(name, old: .open, new: .halfOpen, retryAt: nil))
        }
    }

    /// Takes over what the provider said of a key.
    public mutating func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at now: Moment) {
        self.catchUp(now)
        self.tell(self.pool.endCheck(grant, result, at: now))
    }

    /// Takes over the windows that an answer to a request told of.
    public mutating func note(_ windows: [UsageWindow], of plan: RequestPlan, at now: Moment) {
        guard let current = plan.current, current.isGenuine, !windows.isEmpty else { return }
        self.note(windows, of: current.grant, begun: current.begun, at: now)
    }

    /// Takes over the windows that a provider told of when it was asked at `begun`.
    public mutating func note(_ windows: [UsageWindow], of grant: KeyGrant, begun: Instant, at now: Moment) {
        self.catchUp(now)
        self.tell(self.pool.note(windows, of: grant, begun: begun, at: now))
    }
}
