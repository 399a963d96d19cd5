import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// Where a model leads, and what is said when no key can serve it.
struct RoutingTests {
    private static func snapshot() throws -> GatewaySnapshot {
        GatewayFixture.snapshot(
            try GatewayFixture.configuration { configuration in
                configuration.providers += [try GatewayFixture.provider("one"), try GatewayFixture.provider("two")]
                configuration.providers[2].isDefault = true
                let targets = try [("one", "a", 1), ("kimi", "b", 5), ("two", "c", 1), ("gone", "d", 9)].map {
                    Configuration.ModelAlias.Target(
                        provider: try #require(ProviderName($0.0)), model: try #require(ModelName($0.1)), priority: $0.2
                    )
                }
                configuration.models = [Configuration.ModelAlias(name: try #require(ModelName("k2")), targets: targets)]
            })
    }

    private static func candidates(
        _ model: String?, provider: String? = nil, listed: String? = nil
    ) throws -> [String] {
        let named = try provider.map { try #require(ProviderName($0)) }
        return try Self.snapshot().candidates(for: model.flatMap(ModelName.init), at: named) { _ in
            listed.flatMap(ProviderName.init)
        }.map { "\($0.provider.name)/\($0.model?.text ?? "-")\($0.isAlias ? "*" : "")" }
    }

    @Test("an alias leads to its targets by priority, equals in the order of the file")
    func alias() throws {
        #expect(try Self.candidates("k2") == ["kimi/b*", "one/a*", "two/c*"])
    }

    @Test("a path that names a provider leaves no choice, an alias is real there too")
    func namedProvider() throws {
        #expect(try Self.candidates("m", provider: "one", listed: "two") == ["one/m"])
        #expect(try Self.candidates("k2", provider: "two") == ["two/c*"])
        #expect(try Self.candidates(nil, provider: "kimi") == ["kimi/-"])
        #expect(throws: ProxyFault.self) { try Self.candidates("m", provider: "gone") }
    }

    @Test("other models go to the provider that lists them, else to the default one (X-065)")
    func listed() throws {
        #expect(try Self.candidates("m", listed: "one") == ["one/m"])
        #expect(try Self.candidates("m", listed: "gone") == ["two/m"])
        #expect(try Self.candidates("m") == ["two/m"])
        #expect(try Self.candidates(nil) == ["two/-"])
    }

    @Test("without a provider there is no usable key")
    func noProvider() throws {
        let snapshot = GatewayFixture.snapshot(Configuration())
        let fault = try #require(throws: ProxyFault.self) { try snapshot.candidates(for: nil, at: nil) { _ in nil } }
        #expect(fault.code == .noUsableKey)
        #expect(fault.status == 503)
    }

    @Test("a local server without keys has one of its own name, and nothing is sent for it")
    func keylessServer() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.providers = [try GatewayFixture.provider("box", kind: .local, base: "http://127.0.0.1:9/v1")]
            configuration.keys = []
        }
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        #expect(transfer.credential == nil)
        transfer.answer(200)
        #expect(exchange.header("x-kmi-key") == "box")
        fixture.expectAllSettled()
    }

    @Test("asks the providers for their models once, and sends a model to the one that lists it")
    func routesByList() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.providers.append(try GatewayFixture.provider("other"))
            configuration.keys.append(try GatewayFixture.key("omega", provider: "other"))
        }
        let exchange = fixture.post(#"{"model":"theirs"}"#)
        #expect(fixture.transfers.count == 2)
        #expect(fixture.transfers.allSatisfy { $0.isModelList })
        let json: HeaderFields = ["Content-Type": "application/json"]
        try fixture.transfer(0).answer(200, json, #"{"object":"list","data":[{"id":"m","object":"model"}]}"#)
        #expect(fixture.transfers.count == 2)
        try fixture.transfer(1).answer(200, json, #"{"object":"list","data":[{"id":"theirs","object":"model"}]}"#)
        fixture.run()
        #expect(try fixture.transfer(2).request.origin.host == "other.example")
        try fixture.transfer(2).answer(200)
        #expect(exchange.header("x-kmi-key") == "omega")
        let next = fixture.post(#"{"model":"m"}"#)
        #expect(fixture.transfers.count == 4)
        try fixture.transfer().answer(200)
        #expect(next.header("x-kmi-provider") == "kimi")
        fixture.expectAllSettled()
    }

    @Test("requests wait for a list nobody asked for, and for one that may have the model now; not for one that failed")
    func waitsForLists() throws {
        let events = RecordedEvents()
        let fixture = try GatewayFixture(logger: events.logger) { configuration in
            configuration.providers.append(try GatewayFixture.provider("other"))
            configuration.keys.append(try GatewayFixture.key("omega", provider: "other"))
        }
        let json: HeaderFields = ["Content-Type": "application/json"]
        func lists() -> [FakeTransfer] { fixture.transfers.filter { $0.isModelList && !$0.isOver } }
        func serve(_ model: String, by provider: String) throws {
            let before = fixture.attempts.count
            let exchange = fixture.post(#"{"model":"\#(model)"}"#)
            #expect(fixture.attempts.count == before + 1, "it did not wait")
            try #require(fixture.attempts.last).answer(200)
            fixture.run()
            #expect(exchange.header("x-kmi-provider") == provider)
        }
        // Nobody knows of either list.
        let first = fixture.post(#"{"model":"m"}"#)
        #expect(lists().count == 2 && fixture.attempts.isEmpty)
        lists()[0].answer(200, json, #"{"object":"list","data":[{"id":"m","object":"model"}]}"#)
        fixture.run()
        #expect(fixture.attempts.isEmpty)
        lists()[0].answer(502)
        fixture.run()
        try #require(fixture.attempts.first).answer(200)
        fixture.run()
        #expect(first.header("x-kmi-provider") == "kimi")
        // That of the one that failed is asked for again, and nobody waits for it.
        for _ in 0..<2 {
            fixture.advance(by: ModelListCache.patience)
            try serve("theirs", by: "kimi")
            // However long it takes, it is under way once, and those who come meanwhile leave nothing behind.
            for _ in 0..<3 { try serve("theirs", by: "kimi") }
            #expect(lists().map(\.request.origin.host) == ["other.example"])
            #expect(fixture.gateway.catalogue.waitingCount == 0)
            lists()[0].answer(502)
            fixture.run()
        }
        #expect(events.lines("model_list_failed").map { $0.fields["provider"] } == ["other"], "told once")
        fixture.advance(by: ModelListCache.patience)
        try serve("m", by: "kimi")
        lists()[0].answer(200, json, #"{"object":"list","data":[{"id":"theirs","object":"model"}]}"#)
        fixture.run()
        try serve("theirs", by: "other")
        // Both are old: a model that is in one of them does not wait, another one may be new.
        fixture.advance(by: ModelListCache.lifetime)
        try serve("theirs", by: "other")
        #expect(lists().count == 2)
        let attempts = fixture.attempts.count
        let fresh = fixture.post(#"{"model":"fresh"}"#)
        #expect(lists().count == 2 && fixture.attempts.count == attempts)
        lists()[0].answer(502)
        lists()[0].answer(200, json, #"{"object":"list","data":[{"id":"fresh","object":"model"}]}"#)
        fixture.run()
        try #require(fixture.attempts.last).answer(200)
        fixture.run()
        #expect(fresh.header("x-kmi-provider") == "other")
        #expect(events.lines("model_list_failed").map { $0.fields["provider"] } == ["other", "kimi"])
        fixture.expectAllSettled()
    }

    // MARK: No usable key

    private static func shortage(_ keys: [(String, KeyState, Double?)], isBusy: Bool = false) throws -> KeyShortage {
        var pool = KeyPool(keys: try keys.map { try GatewayFixture.key($0.0) }, policy: KeyPool.Policy())
        let begin = Instant(nanoseconds: 0)
        for (label, state, seconds) in keys {
            guard let seconds else { continue }
            let reason: ErrorClass =
                switch state {
                case .cooling: .providerRateLimited
                case .exhausted: .providerQuotaExhausted
                case .billing: .providerBilling
                default: .providerAuthFailed
                }
            var demand = KeyDemand(provider: try #require(ProviderName("kimi")))
            demand.pinned = KeyLabel(label)
            guard case .chosen(let grant, _) = pool.choose(demand, at: begin) else { continue }
            pool.release(grant)
            _ = pool.record(
                .failed(
                    KeyFailure(reason, scope: .wholeKey, recovery: .after(.milliseconds(Int(seconds * 1000))))),
                on: grant,
                request: 1,
                model: nil,
                begun: begin, at: Moment(instant: begin, wallTime: WallTime(microseconds: 1_000_000)))
        }
        return KeyShortage(keys: pool.snapshots(at: begin), isBusy: isBusy)
    }

    @Test(
        "429 where a key comes back, else 503; not worth another try when none is due within a minute",
        arguments: [
            ([("a", KeyState.cooling, 5.2)], 429, 6, nil), ([("a", .cooling, 500), ("b", .billing, 20)], 429, 20, nil),
            ([("a", .exhausted, 7200)], 429, 7200, nil), ([("a", .billing, 60)], 503, 60, nil),
            ([("a", .billing, 61)], 503, 61, false), ([("a", .suspect, 30), ("b", .billing, 3600)], 503, 30, nil),
            ([("a", .usable, nil)], 503, nil, false), ([], 503, nil, false),
        ] as [([(String, KeyState, Double?)], Int, Int?, Bool?)])
    func noUsableKey(keys: [(String, KeyState, Double?)], status: Int, retryAfter: Int?, shouldRetry: Bool?) throws {
        let fault = NoUsableKey.fault(
            for: try Self.shortage(keys), now: Instant(nanoseconds: 0), wallTime: WallTime(microseconds: 1_000_000))
        #expect(fault.code == .noUsableKey)
        #expect(fault.status == status)
        #expect(fault.retryAfter == retryAfter)
        #expect(fault.shouldRetry == shouldRetry)
        #expect(fault.keys?.map(\.label) == keys.map(\.0))
        #expect(fault.keys?.map(\.state) == keys.map(\.1.rawValue))
        // Shown in whole seconds, and never too early.
        let times = keys.map { key in
            key.2.map { WallTime(microseconds: 1_000_000 + Int64($0.rounded(.up)) * 1_000_000) }
        }
        #expect(fault.keys?.map(\.usableAt) == times)
    }

    @Test("keys that are only busy are a limit of ours: 429, with the time until one has room (T-037)")
    func busy() throws {
        let fault = NoUsableKey.fault(
            for: try Self.shortage([("a", .usable, nil)], isBusy: true), now: Instant(nanoseconds: 0),
            wallTime: WallTime(microseconds: 0))
        #expect(fault.code == .rateLimited)
        #expect(fault.status == 429)
        #expect(fault.retryAfter == 1)
        var later = try Self.shortage([("a", .usable, nil)], isBusy: true)
        later.limitedUntil = Instant(nanoseconds: 2_100_000_000)
        let wait = NoUsableKey.fault(
            for: later, now: Instant(nanoseconds: 0), wallTime: WallTime(microseconds: 0)
        ).retryAfter
        #expect(wait == 3)
    }
}
