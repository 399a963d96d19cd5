import DBusControl
import DBusKit
import Testing

/// Explanations and summaries, there and back.
struct RouteEncodingTests {
    @Test func anExplanationComesBackAsItWas() throws {
        let rows = [Samples.explained, ExplainRow()]
        let value = ExplainRow.busValue(of: rows)
        #expect(value.signature == "aa{sv}")
        #expect(try ExplainRow.rows(busValue: value) == rows)
        #expect(try ExplainRow.rows(busValue: ExplainRow.busValue(of: [])) == [])
    }

    @Test("an explanation has the names and types that are described")
    func anExplanationHasItsTypes() throws {
        let fields = try #require(ExplainRow.busValue(of: [Samples.explained]).asArray?.first?.asDictionary)
        #expect(
            fields.mapValues(\.signature) == [
                "provider": "s", "key": "s", "model": "s", "chosen": "b", "selection": "s", "state": "s",
                "obstacle": "s", "reason": "s", "usable_at": "t", "breaker": "s", "candidate": "u",
            ])
    }

    @Test func aSummaryComesBackAsItWas() throws {
        #expect(Samples.summary.busValue.signature == "aa{sv}")
        #expect(try RequestSummary(busValue: Samples.summary.busValue) == Samples.summary)
        #expect(try RequestSummary(busValue: RequestSummary(rows: []).busValue) == RequestSummary(rows: []))
        let fields = try #require(Samples.summary.busValue.asArray?.first?.asDictionary)
        #expect(
            fields.mapValues(\.signature) == [
                "key": "s", "provider": "s", "requests": "t", "share": "d", "eligible": "b", "weight": "u",
            ])
        #expect(fields["share"] == .double(0.75))
    }

    @Test func fieldsOfAnotherTypeAreRefusedByName() {
        for field in ExplainRow.Field.allCases {
            let rows: BusValue = .array(of: "a{sv}", [.variants([field.rawValue: .byte(1)])])
            let fault = #expect(throws: ControlFault.self) { try ExplainRow.rows(busValue: rows) }
            #expect(fault?.message.contains(field.rawValue) == true)
        }
        for field in RequestSummary.Row.Field.allCases {
            let rows: BusValue = .array(of: "a{sv}", [.variants([field.rawValue: .byte(1)])])
            let fault = #expect(throws: ControlFault.self) { try RequestSummary(busValue: rows) }
            #expect(fault?.message.contains(field.rawValue) == true)
        }
        for value in [BusValue.string(""), .array(of: "s", [.string("")])] {
            #expect(throws: ControlFault.self) { try ExplainRow.rows(busValue: value) }
            #expect(throws: ControlFault.self) { try RequestSummary(busValue: value) }
        }
    }

    @Test func theTrailOfAPastRequestNamesWhoWasTakenAndWhoWasPassedOver() {
        var row = Samples.row
        row.attempts[0].passedOver = ["gamma": "cooling", "delta": "in_flight", "omega": "provider"]
        let trail = ExplainRow.trail(of: row)
        #expect(trail.map(\.key) == ["alpha", "delta", "gamma", "omega", "beta", "alpha"])
        #expect(trail.map(\.candidate) == [1, 1, 1, 1, 2, 2])
        #expect(trail.map(\.isChosen) == [true, false, false, false, true, false])
        #expect(trail.map(\.selection) == ["turn", "", "", "", "turn", ""])
        #expect(trail.map(\.obstacle) == ["", "in_flight", "state", "provider", "", "tried"])
        #expect(trail.map(\.state) == ["", "", "cooling", "", "", ""])
        #expect(trail.map(\.reason) == ["rate_limited", "", "", "", "", ""])
        #expect(trail.map(\.provider) == ["kimi", "kimi", "kimi", "", "kimi", "kimi"])
        #expect(Set(trail.map(\.model)) == ["k2"])
        #expect(ExplainRow.trail(of: RequestRow()) == [])
    }
}
