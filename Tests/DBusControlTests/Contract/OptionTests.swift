import DBusControl
import DBusKit
import Testing

/// The dictionaries of options: there and back, and refused strictly.
struct OptionTests {
    @Test func optionsComeBackAsTheyWere() throws {
        var key = KeyOptions()
        key.priority = -1
        key.weight = 7
        key.enabled = false
        key.models = ["k2", "kimi-for-coding"]
        #expect(try KeyOptions(busValue: key.busValue) == key)
        #expect(try KeyOptions(busValue: KeyOptions().busValue) == KeyOptions())

        var client = ClientOptions()
        client.scopes = ["inference", "priority:high"]
        client.models = ["k2"]
        client.routes = ["/v1/messages", "/v1/chat/*", "/*"]
        client.projects = ["a b"]
        client.limits[.rps] = 1
        client.limits[.inFlight] = 4
        client.expiresAt = 1_798_761_600_000_000
        #expect(try ClientOptions(busValue: client.busValue) == client)
        #expect(try ClientOptions(busValue: ClientOptions().busValue) == ClientOptions())

        var selection = KeySelectionOptions()
        selection.key = "alpha"
        selection.provider = "kimi"
        #expect(try KeySelectionOptions(busValue: selection.busValue) == selection)
        #expect(try KeySelectionOptions(busValue: KeySelectionOptions().busValue) == KeySelectionOptions())

        var explain = ExplainOptions()
        explain.key = "alpha"
        explain.session = "s/1"
        explain.provider = "kimi"
        explain.client = "ci"
        #expect(try ExplainOptions(busValue: explain.busValue) == explain)
        var past = ExplainOptions()
        past.request = "req-1"
        #expect(try ExplainOptions(busValue: past.busValue) == past)
        #expect(try ExplainOptions(busValue: ExplainOptions().busValue) == ExplainOptions())
        past.session = "s"
        #expect(throws: ControlFault.self) { try ExplainOptions(busValue: past.busValue) }
    }

    @Test("a filter comes back as it was (A-024)")
    func aFilterComesBackAsItWas() throws {
        var filter = RequestFilter()
        filter.limit = 1000
        filter.cursor = "abc"
        filter.since = 1
        filter.until = 2
        filter.key = "alpha"
        filter.provider = "kimi"
        filter.client = "ci"
        filter.status = 429
        filter.errorClass = "rate_limited"
        #expect(try RequestFilter(busValue: filter.busValue) == filter)
        #expect(try RequestFilter(busValue: .variants([:])) == RequestFilter())
        #expect(RequestFilter().limit == 100)
    }

    @Test func aQueryOfUsageComesBackAsItWas() throws {
        var query = UsageQuery()
        query.by = UsageAxis.allCases
        query.since = 1
        query.until = 2
        query.key = "alpha"
        query.provider = "kimi"
        query.model = "kimi-k2"
        query.client = "ci"
        query.project = "a demo"
        query.process = "py thon"
        #expect(try UsageQuery(busValue: query.busValue) == query)
        #expect(try UsageQuery(busValue: .variants([:])) == UsageQuery())
        #expect(UsageQuery().busValue == .variants([:]))
        #expect(UsageAxis.list("day,model") == [.day, .model])
    }

    @Test func aQueryOfPricesComesBackAsItWas() throws {
        var query = PriceQuery()
        #expect(try PriceQuery(busValue: query.busValue) == query)
        query.model = "kimi-k2"
        #expect(try PriceQuery(busValue: query.busValue) == query)
        query.provider = "kimi"
        #expect(try PriceQuery(busValue: query.busValue) == query)
        query.model = nil
        #expect(throws: ControlFault.self) { try PriceQuery(busValue: query.busValue) }
    }

    @Test(
        "usage counts whole hours",
        arguments: [
            (UInt64(0), UInt64(0), UInt64(0)), (1, 0, 3_600_000_000), (3_600_000_000, 3_600_000_000, 3_600_000_000),
            (7_199_999_999, 3_600_000_000, 7_200_000_000), (.max, 18_446_744_073_600_000_000, .max),
        ])
    func roundsToHours(moment: UInt64, begin: UInt64, end: UInt64) {
        #expect(UsageQuery.hour(of: moment) == begin)
        #expect(UsageQuery.endOfHour(of: moment) == end)
    }

    @Test("the filter of a summary has no limit and no cursor (X-007)")
    func theFilterOfASummaryHasNoPages() throws {
        var filter = RequestFilter()
        filter.since = 1
        filter.key = "alpha"
        #expect(try RequestFilter(summaryBusValue: filter.summaryBusValue) == filter)
        for option in ["limit", "cursor"] {
            let fault = #expect(throws: ControlFault.self) {
                try RequestFilter(summaryBusValue: .variants([option: .uint32(1)]))
            }
            #expect(fault?.code == .invalidArgument)
            #expect(fault?.message.hasPrefix("unknown option \(option): ") == true)
        }
        #expect(throws: ControlFault.self) { try RequestFilter(summaryBusValue: .string("")) }
    }

    /// The readers of all dictionaries of options, by the method that takes them.
    private static let readers: [String: @Sendable (BusValue) throws -> Void] = [
        "AddKey": { _ = try KeyOptions(busValue: $0) },
        "CreateClient": { _ = try ClientOptions(busValue: $0) },
        "Rotate": { _ = try KeySelectionOptions(busValue: $0) },
        "ListRequests": { _ = try RequestFilter(busValue: $0) },
        "SummarizeRequests": { _ = try RequestFilter(summaryBusValue: $0) },
        "ExplainRoute": { _ = try ExplainOptions(busValue: $0) },
        "RefreshUsage": { _ = try KeySelectionOptions(busValue: $0) },
        "GetUsage": { _ = try UsageQuery(busValue: $0) },
        "GetPrices": { _ = try PriceQuery(busValue: $0) },
    ]

    @Test(arguments: [
        ("AddKey", "priority", BusValue.uint32(1)), ("AddKey", "priority", .string("1")),
        ("AddKey", "weight", .int32(1)), ("AddKey", "weight", .uint32(0)),
        ("AddKey", "enabled", .string("true")), ("AddKey", "models", .string("k2")),
        ("AddKey", "models", .strings([""])), ("AddKey", "models", .strings(["two words"])),
        ("AddKey", "models", .strings([String(repeating: "m", count: 257)])),
        ("AddKey", "models", .strings((0...1000).map { "m\($0)" })),
        ("CreateClient", "scopes", .string("inference")), ("CreateClient", "scopes", .strings(["root"])),
        ("CreateClient", "scopes", .strings(["metrics", "metrics"])),
        ("CreateClient", "routes", .strings(["v1"])), ("CreateClient", "routes", .strings(["/v1/*/x"])),
        ("CreateClient", "routes", .string("/v1")), ("CreateClient", "routes", .strings(["/v1?x"])),
        ("CreateClient", "projects", .strings([""])), ("CreateClient", "projects", .strings(["\u{e4}"])),
        ("CreateClient", "rpm", .int32(1)), ("CreateClient", "in_flight", .string("4")),
        ("CreateClient", "models", .strings(["é"])), ("CreateClient", "expires_at", .int64(1)),
        ("Rotate", "key", .uint32(1)), ("Rotate", "key", .string("")), ("Rotate", "provider", .string("no/label")),
        ("ListRequests", "limit", .uint32(0)), ("ListRequests", "limit", .uint32(1001)),
        ("ListRequests", "limit", .uint64(1)), ("ListRequests", "cursor", .string("a b")),
        ("ListRequests", "since", .string("2026-01-01")), ("ListRequests", "until", .double(1)),
        ("ListRequests", "key", .string("-alpha")), ("ListRequests", "provider", .boolean(true)),
        ("ListRequests", "client", .string(String(repeating: "c", count: 65))),
        ("ListRequests", "status", .uint32(99)), ("ListRequests", "status", .uint32(1000)),
        ("ListRequests", "class", .string("Rate Limited")), ("SummarizeRequests", "since", .string("1h")),
        ("ExplainRoute", "key", .string("")), ("ExplainRoute", "session", .string("two words")),
        ("ExplainRoute", "session", .string(String(repeating: "s", count: 1025))),
        ("ExplainRoute", "provider", .uint32(1)), ("ExplainRoute", "client", .string("/")),
        ("ExplainRoute", "request", .string("")), ("RefreshUsage", "key", .uint32(1)),
        ("RefreshUsage", "provider", .string("no/label")),
        ("GetUsage", "by", .strings(["model"])), ("GetUsage", "by", .string("")), ("GetUsage", "by", .string("week")),
        ("GetUsage", "by", .string("model,")), ("GetUsage", "by", .string("model, day")),
        ("GetUsage", "by", .string("model,model")), ("GetUsage", "since", .string("1h")),
        ("GetUsage", "until", .int64(1)), ("GetUsage", "key", .string("no label")),
        ("GetUsage", "provider", .uint32(1)), ("GetUsage", "model", .string("two words")),
        ("GetUsage", "model", .string("")), ("GetUsage", "client", .string("")), ("GetUsage", "project", .string("")),
        ("GetUsage", "project", .string("a\nb")), ("GetUsage", "process", .string(String(repeating: "p", count: 257))),
        ("GetPrices", "model", .string("")), ("GetPrices", "model", .uint32(1)),
        ("GetPrices", "provider", .string("no/label")),
    ])
    func refusesWhatIsNotAsExpectedAndNamesTheOption(method: String, option: String, value: BusValue) throws {
        let reader = try #require(Self.readers[method])
        let fault = #expect(throws: ControlFault.self) { try reader(.variants([option: value])) }
        #expect(fault?.code == .invalidArgument)
        #expect(fault?.message.hasPrefix("option \(option): expected ") == true, "\(fault?.message ?? "")")
    }

    @Test(arguments: [
        "AddKey", "CreateClient", "Rotate", "ListRequests", "SummarizeRequests", "ExplainRoute", "RefreshUsage",
        "GetUsage", "GetPrices",
    ])
    func refusesUnknownOptions(method: String) throws {
        let reader = try #require(Self.readers[method])
        let fault = #expect(throws: ControlFault.self) { try reader(.variants(["colour": .string("red")])) }
        #expect(fault?.code == .invalidArgument)
        #expect(fault?.message.hasPrefix("unknown option colour: expected ") == true)
    }

    @Test("never repeats what could be a secret (K-009)")
    func neverRepeatsWhatCouldBeASecret() throws {
        let planted = "sk-Planted-0123456789"
        for (method, reader) in Self.readers {
            let asName = #expect(throws: ControlFault.self) { try reader(.variants([planted: .string("")])) }
            #expect(asName?.message.contains(planted) == false, "\(method)")
        }
        let asValue = #expect(throws: ControlFault.self) {
            try ClientOptions(busValue: .variants(["scopes": .strings([planted])]))
        }
        #expect(asValue?.message.contains(planted) == false)
    }

    @Test func refusesAnOptionThatIsGivenTwice() {
        let entry = BusEntry(key: .string("priority"), value: .variant(.int32(1)))
        let fault = #expect(throws: ControlFault.self) {
            try KeyOptions(busValue: .dictionary(key: "s", value: "v", [entry, entry]))
        }
        #expect(fault?.message == "option priority: given twice")
    }

    @Test func refusesWhatIsNoDictionary() {
        #expect(throws: ControlFault.self) { try KeyOptions(busValue: .string("")) }
    }
}
