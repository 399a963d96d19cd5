import ProxyCore

/// What is outside of the daemon: three providers and their twenty keys, and what befalls them.
struct FleetWorld {
    static let models = ["m0", "m1"]

    var providers: [FleetProvider]
    var keys: [FleetKey]
    private(set) var placeOfKey: [KeyLabel: Int] = [:]
    private(set) var placeOfProvider: [ProviderName: Int] = [:]
    let modelNames: [ModelName]

    /// Makes up a world in which all kinds of trouble happen within `length`.
    init(random: inout SeededGenerator, length: Int64) throws {
        self.modelNames = try Self.models.map(KeyPoolFixture.model)
        self.providers = try zip(["kimi", "openai", "moonshot"], FleetProvider.Kind.allCases).map { name, kind in
            FleetProvider(name: try KeyPoolFixture.provider(name), kind: kind)
        }
        self.keys = []
        for (place, count) in [8, 6, 6].enumerated() {
            self.providers[place].outages = Self.outages(&random, length: length)
            for number in 0..<count {
                self.keys.append(try Self.key(number, of: place, self.providers[place], &random, length: length))
            }
        }
        for (place, key) in self.keys.enumerated() { self.placeOfKey[key.label] = place }
        for (place, provider) in self.providers.enumerated() { self.placeOfProvider[provider.name] = place }
    }

    private static func outages(_ random: inout SeededGenerator, length: Int64) -> [FleetProvider.Outage] {
        // One of each kind in a week, at least one of each in any fleet.
        let rounds = max(1, Int(length / FleetTime.week))
        return (0..<rounds).flatMap { _ in
            FleetProvider.Outage.Kind.allCases.map { kind in
                let begin = Int64.random(in: 0..<length, using: &random)
                let longest = kind == .limitOfAddress ? 3 * FleetTime.minute : 90 * FleetTime.minute
                let duration = Int64.random(in: FleetTime.minute...longest, using: &random)
                return FleetProvider.Outage(
                    kind: kind, time: begin..<begin + duration, share: random.happens(0.6) ? 1 : 0.5)
            }
        }
    }

    private static func key(
        _ number: Int, of place: Int, _ provider: FleetProvider, _ random: inout SeededGenerator, length: Int64
    ) throws -> FleetKey {
        let rpm = Int.random(in: 15...40, using: &random)
        let configuration = try KeyPoolFixture.key("\(provider.name)-\(number)", provider: provider.name.text) { key in
            key.priority = number == 0 ? 1 : 0
            if number % 3 == 1 { key.inFlight = 3 }
            if number % 3 == 2 { key.rpm = rpm }
            if number == 4 { key.rps = 2 }
        }
        let buckets = provider.kind == .plan ? 1 : Self.models.count
        var key = FleetKey(
            configuration: configuration, provider: place,
            buckets: Array(repeating: FleetKey.Bucket(capacity: 6, rate: rpm), count: buckets))
        if provider.kind == .plan {
            key.namesReset = number % 2 == 0
            key.windows = [
                FleetKey.Window(
                    name: "5h", length: 5 * FleetTime.hour, limit: Int.random(in: 150...400, using: &random),
                    offset: Int64.random(in: 0..<5 * FleetTime.hour, using: &random)),
                FleetKey.Window(
                    name: "7d", length: FleetTime.week, limit: Int.random(in: 4000...9000, using: &random),
                    offset: Int64.random(in: 0..<FleetTime.week, using: &random)),
            ]
        }
        if provider.kind == .hinting, number == 3 { key.forbidden = 1 }
        // Of each provider some are revoked, one of them for good, and some run out of money.
        if number == 2 || number == 5 {
            let begin = Int64.random(in: length / 10..<length, using: &random)
            let duration = Int64.random(in: FleetTime.minute..<FleetTime.day, using: &random)
            key.revoked = [begin..<(number == 5 && place == 1 ? length : begin + duration)]
        }
        if provider.kind != .plan, number == 1 || number == 4 {
            let begin = Int64.random(in: 0..<length, using: &random)
            key.unpaid = [begin..<begin + Int64.random(in: FleetTime.hour..<FleetTime.day, using: &random)]
        }
        return key
    }

    func place(of label: KeyLabel) -> Int { self.placeOfKey[label] ?? 0 }
    func place(of provider: ProviderName) -> Int { self.placeOfProvider[provider] ?? 0 }

    // MARK: Answers

    /// What a key's provider answers to an attempt that arrives now.
    mutating func answer(_ place: Int, model: Int, at now: Int64, _ random: inout SeededGenerator) -> FleetAnswer {
        let provider = self.providers[self.keys[place].provider]
        let quick = Int64.random(in: 50_000...600_000, using: &random)
        if let outage = provider.outage(at: now), random.happens(outage.share) {
            return self.trouble(outage.kind, of: provider, after: quick)
        }
        func refused(
            _ errorClass: ErrorClass, _ blame: AnswerClassification.Blame, status: Int,
            _ recovery: AnswerClassification.Recovery = .unknown, window: String? = nil
        ) -> FleetAnswer {
            .failure(
                Self.end(errorClass, blame, status: status, recovery: recovery, window: window), after: quick)
        }
        if self.keys[place].isRevoked(at: now) { return refused(.providerAuthFailed, .key, status: 401) }
        if self.keys[place].isUnpaid(at: now) { return refused(.providerBilling, .key, status: 402) }
        if self.keys[place].forbidden == model { return refused(.providerForbidden, .keyAndModel, status: 403) }
        if let full = self.keys[place].fullWindow(at: now) {
            let reset = AnswerClassification.Recovery.at(
                WallTime(microseconds: FleetTime.epoch + full.reset(after: now)))
            return refused(
                .providerQuotaExhausted, .key, status: 403, self.keys[place].namesReset ? reset : .unknown,
                window: full.name)
        }
        let bucket = provider.kind == .plan ? 0 : model
        let tokens = self.keys[place].buckets[bucket].tokens(at: now)
        if tokens < 1 {
            let wait = Int64((1 - tokens) / self.keys[place].buckets[bucket].rate * 60) + 1
            return refused(
                .providerRateLimited, provider.kind == .plan ? .key : .keyAndModel, status: 429,
                provider.kind == .hinting ? .after(.seconds(wait)) : .unknown)
        }
        self.keys[place].buckets[bucket].take(at: now)
        if random.happens(0.01) { return refused(.providerRejected, .request, status: 400) }
        if random.happens(0.002) {
            var end = AttemptEnd(errorClass: .providerUnreachable, blame: .provider)
            end.diedOnReusedConnection = true
            return .failure(end, after: 1000)
        }
        if provider.kind == .plan, random.happens(0.001) {
            var end = Self.end(.providerOverloaded, .provider, status: 429)
            end.classification?.isAmbiguous = true
            return .failure(end, after: quick)
        }
        for window in self.keys[place].windows.indices { self.keys[place].windows[window].use(at: now) }
        let begins = Int64.random(in: 300_000...4_000_000, using: &random)
        return .success(begins: begins, ends: begins + Int64.random(in: 100_000...9_000_000, using: &random))
    }

    private func trouble(
        _ kind: FleetProvider.Outage.Kind, of provider: FleetProvider, after quick: Int64
    ) -> FleetAnswer {
        switch kind {
        case .error: .failure(Self.end(.providerServerError, .provider, status: 500), after: quick)
        case .overload: .failure(Self.end(.providerOverloaded, .provider, status: 503), after: quick)
        case .hintedOverload:
            .failure(
                Self.end(.providerOverloaded, .provider, status: 529, recovery: .after(.seconds(5))), after: quick)
        case .timeout:
            .failure(
                AttemptEnd(errorClass: .providerTimeout, blame: .provider),
                after: 8 * FleetTime.second)
        case .unreachable:
            .failure(AttemptEnd(errorClass: .providerUnreachable, blame: .provider), after: 20_000 + quick)
        case .limitOfAddress:
            .failure(
                Self.end(.providerRateLimited, provider.kind == .plan ? .key : .keyAndModel, status: 429), after: quick)
        }
    }

    private static func end(
        _ errorClass: ErrorClass, _ blame: AnswerClassification.Blame, status: Int,
        recovery: AnswerClassification.Recovery = .unknown, window: String? = nil
    ) -> AttemptEnd {
        AttemptEnd(
            errorClass: errorClass, blame: blame,
            classification: AnswerClassification(
                errorClass: errorClass, blame: blame, recovery: recovery, window: window, decidedBy: "fleet"),
            status: status)
    }

    /// What a key's provider answers when the daemon asks about the key.
    func check(_ place: Int, at now: Int64) -> KeyCheckResult {
        let key = self.keys[place]
        let provider = self.providers[key.provider]
        if let outage = provider.outage(at: now), outage.share == 1 { return .inconclusive }
        if key.isRevoked(at: now) { return .refused(KeyFailure(.providerAuthFailed, scope: .wholeKey)) }
        switch provider.kind {
        case .hinting:
            return .accepted(windows: [])
        case .silent:
            let balance = UsageWindow(
                name: UsageWindow.balanceName, used: 0, limit: key.isUnpaid(at: now) ? 0 : 25, source: .panel)
            return .accepted(windows: [balance])
        case .plan:
            return .accepted(
                windows: key.windows.map { window in
                    UsageWindow(
                        name: window.name, used: Double(min(window.used(at: now), window.limit)),
                        limit: Double(window.limit),
                        resetsAt: WallTime(microseconds: FleetTime.epoch + window.reset(after: now)), source: .panel)
                })
        }
    }
}
