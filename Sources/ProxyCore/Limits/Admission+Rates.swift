/// Rates and places of callers and addresses.
extension Admission {
    subscript(place: LimitPlace) -> LimitUse {
        get {
            switch place.table {
            case .callers: self.callers[place.index]
            case .strangers: self.strangers[place.index]
            case .addresses: self.addresses[place.index]
            }
        }
        _modify {
            switch place.table {
            case .callers: yield &self.callers[place.index]
            case .strangers: yield &self.strangers[place.index]
            case .addresses: yield &self.addresses[place.index]
            }
        }
    }

    /// The entries that a request is counted in; `nil` where there is no limit.
    ///
    /// Strangers have a table of their own, so that no number of addresses takes the entry of a client.
    mutating func places(
        of request: AdmissionRequest, at now: Instant
    ) -> (caller: LimitPlace?, address: LimitPlace?) {
        var places: (caller: LimitPlace?, address: LimitPlace?) = (nil, nil)
        if !self.policy.limits(of: request.caller).isNone {
            places.caller =
                request.caller.isAddress
                ? LimitPlace(table: .strangers, index: self.strangers.place(of: request.caller, at: now))
                : LimitPlace(table: .callers, index: self.callers.place(of: request.caller, at: now))
        }
        if let address = request.address, !self.policy.address.isNone {
            places.address = LimitPlace(table: .addresses, index: self.addresses.place(of: address, at: now))
        }
        return places
    }

    /// Why a request is not let in now because of a rate; `nil` if all of them have room.
    ///
    /// Nothing is counted of it. It may come again when the last of the rates that it met has room.
    mutating func refusalByRate(
        _ request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, at now: Instant
    ) -> LimitRefusal? {
        var found: (limit: LimitName, opensAt: Instant)?
        func look(_ obstacle: (rate: LimitUse.Rate, opensAt: Instant)?, _ name: (LimitUse.Rate) -> LimitName) {
            guard let obstacle, obstacle.opensAt > (found?.opensAt ?? now) else { return }
            found = (name(obstacle.rate), obstacle.opensAt)
        }
        if let caller {
            look(self[caller].obstacle(self.policy.limits(of: request.caller), at: now)) { rate in
                switch rate {
                case .perSecond: .clientPerSecond
                case .perMinute: .clientPerMinute
                case .tokens: .clientTokens
                }
            }
        }
        if let address {
            look(self[address].obstacle(self.policy.address, at: now)) { rate in
                switch rate {
                case .perSecond: .addressPerSecond
                case .perMinute: .addressPerMinute
                case .tokens: .addressTokens
                }
            }
        }
        look(self.all.obstacle(self.policy.all, at: now)) { rate in
            switch rate {
            case .perSecond: .globalPerSecond
            case .perMinute: .globalPerMinute
            case .tokens: .globalTokens
            }
        }
        guard let found else { return nil }
        let wait = max(1, Int(min((found.opensAt - now).seconds.rounded(.up), 86_400)))
        return LimitRefusal(found.limit, retryAfter: wait, isNews: self.notices.isNews(request.caller, at: now))
    }

    /// Counts a request in all rates.
    mutating func take(
        _ request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, at now: Instant
    ) -> Taken {
        Taken(
            caller: caller.map { self[$0].take(self.policy.limits(of: request.caller), at: now) },
            address: address.map { self[$0].take(self.policy.address, at: now) },
            all: self.all.take(self.policy.all, at: now))
    }

    /// Takes back what a request took that never ran.
    mutating func giveBack(
        _ taken: Taken, of request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, at now: Instant
    ) {
        if let caller, let taken = taken.caller {
            self[caller].giveBack(taken, self.policy.limits(of: request.caller), at: now)
        }
        if let address, let taken = taken.address {
            self[address].giveBack(taken, self.policy.address, at: now)
        }
        self.all.giveBack(taken.all, self.policy.all, at: now)
    }

    /// The limit on requests at once of the caller's or the address's own that leaves no place; `nil` if there is one.
    func ownLimit(
        _ request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?
    ) -> (place: LimitPlace, name: LimitName)? {
        if let caller, let limit = self.policy.limits(of: request.caller).inFlight, self[caller].inside >= limit {
            return (caller, .clientInFlight)
        }
        if let address, let limit = self.policy.address.inFlight, self[address].inside >= limit {
            return (address, .addressInFlight)
        }
        return nil
    }
}
