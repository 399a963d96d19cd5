import DBusControl
import DBusKit
import Testing

/// Usage and prices, there and back.
struct UsageEncodingTests {
    @Test func usageComesBackAsItWas() throws {
        let rows = Samples.usage + [UsageRow()]
        #expect(try UsageRow.rows(busValue: UsageRow.busValue(of: rows)) == rows)
        #expect(try UsageRow.rows(busValue: UsageRow.busValue(of: [])) == [])
        #expect(UsageRow.busValue(of: []).signature == "aa{sv}")
    }

    @Test("usage has the names and types of the contract")
    func usageHasNamesAndTypes() throws {
        let fields = try #require(UsageRow.busValue(of: Samples.usage).asArray?.first?.asDictionary)
        #expect(
            fields.mapValues(\.signature)
                == [
                    "key": "s", "provider": "s", "model": "s", "client": "s", "project": "s", "process": "s",
                    "day": "s", "hour": "t", "requests": "t", "tokens": "a{st}", "cost_pico_usd": "x",
                    "unpriced": "t", "uncertain": "t",
                ])
    }

    @Test func leavesOutWhatRowsAreNotGroupedBy() throws {
        var row = UsageRow()
        row.model = ""
        let fields = try #require(UsageRow.busValue(of: [row]).asArray?.first?.asDictionary)
        #expect(Set(fields.keys) == ["model", "requests", "tokens", "unpriced", "uncertain"])
        row.cost = 0
        let free = try #require(UsageRow.busValue(of: [row]).asArray?.first?.asDictionary)
        #expect(free["cost_pico_usd"] == .int64(0))
    }

    @Test("a cost of which nothing is known is no cost of 0")
    func tellsUnknownCostsApart() {
        var sum = UsageRow()
        for (cost, unpriced, expected) in [(nil, 1, nil), (0, 0, nil), (7, 0, 7), (nil, 2, 7)]
            as [(Int64?, UInt64, Int64?)]
        {
            var row = UsageRow()
            (row.requests, row.cost, row.unpriced, row.tokens) = (1, cost, unpriced, ["input": .max])
            sum.add(row)
            #expect(sum.cost == expected)
        }
        #expect(sum.requests == 4)
        #expect(sum.unpriced == 3)
        #expect(sum.tokens == ["input": .max])
        #expect(UsageRow.cost(0, unpriced: 0) == 0)
        #expect(UsageRow.cost(0, unpriced: 1) == nil)
        #expect(UsageRow.cost(5, unpriced: 1) == 5)
    }

    @Test func refusesUsageOfAnotherTypeByName() {
        for field in UsageRow.Field.allCases {
            let value: BusValue = .array(of: "a{sv}", [.variants([field.rawValue: .byte(1)])])
            let fault = #expect(throws: ControlFault.self) { try UsageRow.rows(busValue: value) }
            #expect(fault?.message.contains(field.rawValue) == true)
        }
        #expect(throws: ControlFault.self) { try UsageRow.rows(busValue: .string("")) }
        #expect(throws: ControlFault.self) { try UsageRow.rows(busValue: .strings([""])) }
    }

    @Test func aRowHasANameOnEachAxisButTheHour() {
        var row = UsageRow()
        for axis in UsageAxis.allCases { row[axis] = axis.rawValue }
        #expect(UsageAxis.allCases.filter { row[$0] == $0.rawValue } == UsageAxis.allCases.filter { $0 != .hour })
        #expect(row[.hour] == nil)
    }

    @Test(arguments: [nil, PriceStatus.Finding(provider: "kimi", basis: "plan", entry: nil), Samples.prices.finding])
    func pricesComeBackAsTheyWere(finding: PriceStatus.Finding?) throws {
        var status = Samples.prices
        status.finding = finding
        #expect(try PriceStatus(busValue: status.busValue) == status)
    }

    @Test("prices have their names and types (A-028)")
    func pricesHaveNamesAndTypes() throws {
        let fields = try #require(Samples.prices.busValue.asDictionary)
        #expect(
            fields.mapValues(\.signature)
                == [
                    "version": "s", "effective_date": "s", "sha256": "s", "models": "u", "source": "s",
                    "age_days": "u", "found": "b", "provider": "s", "basis": "s", "name": "s",
                    "prices_pico_usd": "a{st}",
                ])
        var none = Samples.prices
        none.finding = PriceStatus.Finding(provider: "", basis: "none", entry: nil)
        #expect(none.busValue.asDictionary?["found"] == .boolean(false))
        #expect(none.busValue.asDictionary?["name"] == nil)
        #expect(PriceStatus().busValue.asDictionary?["found"] == nil)
        #expect(PriceStatus().busValue.asDictionary?["age_days"] == nil)
    }

    @Test func refusesPricesOfAnotherTypeByName() {
        for field in PriceStatus.Field.allCases {
            let value: BusValue = .variants([field.rawValue: .byte(1)])
            let fault = #expect(throws: ControlFault.self) { try PriceStatus(busValue: value) }
            #expect(fault?.message.contains(field.rawValue) == true)
        }
        #expect(throws: ControlFault.self) { try PriceStatus(busValue: .string("")) }
    }
}
