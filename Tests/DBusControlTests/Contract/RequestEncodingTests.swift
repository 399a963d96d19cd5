import DBusControl
import DBusKit
import Testing

/// Requests, pages of them, and what a reload made, there and back.
struct RequestEncodingTests {
    @Test func aRequestComesBackAsItWas() throws {
        #expect(try RequestRow(busValue: Samples.row.busValue) == Samples.row)
    }

    @Test func aRequestOfWhichNothingIsKnownComesBackAsItWas() throws {
        #expect(try RequestRow(busValue: RequestRow().busValue) == RequestRow())
    }

    @Test("has the names and types of the contract")
    func hasTheNamesAndTypesOfTheContract() throws {
        let fields = try #require(Samples.row.busValue.asDictionary)
        let expected: [String: Signature] = [
            "id": "s", "received_at": "t", "client": "s", "project": "s", "dialect": "s", "model": "s",
            "provider": "s", "key": "s", "status": "u", "class": "s", "stream": "b", "outcome": "s",
            "duration_us": "t", "first_byte_us": "t", "attempts": "aa{sv}", "tokens": "a{st}", "cost_pico_usd": "x",
            "used_model": "s", "quality": "s", "pricing": "s", "price_version": "s", "process": "s", "process_id": "u",
            "unit": "s", "user": "s", "user_id": "u", "request_body": "s", "answer_body": "s", "bodies_cut": "b",
            "dropped": "t",
        ]
        #expect(fields.mapValues(\.signature) == expected)
        #expect(Samples.row.busValue.signature == "a{sv}")
        let attempt = try #require(fields["attempts"]?.asArray?.first?.asDictionary)
        #expect(
            attempt.mapValues(\.signature)
                == [
                    "key": "s", "provider": "s", "class": "s", "status": "u", "duration_us": "t", "selection": "s",
                    "possibly_billed": "b", "decided_by": "s", "waited_us": "t", "passed_over": "a{ss}", "model": "s",
                    "tokens": "a{st}", "quality": "s", "inconsistent": "b", "cost_pico_usd": "x", "pricing": "s",
                    "price_version": "s",
                ])
    }

    @Test func leavesOutWhatIsNotKnown() throws {
        let fields = try #require(RequestRow().busValue.asDictionary)
        for name in [
            "cost_pico_usd", "dropped", "process_id", "user_id", "request_body", "answer_body", "bodies_cut",
        ] {
            #expect(fields[name] == nil, "\(name)")
        }
        #expect(fields["quality"] == .string("none"))
    }

    @Test func refusesAFieldOfAnotherTypeByName() {
        for field in RequestRow.Field.allCases {
            let value: BusValue = .variants([field.rawValue: .byte(1)])
            let fault = #expect(throws: ControlFault.self) { try RequestRow(busValue: value) }
            #expect(fault?.message.contains(field.rawValue) == true)
        }
        #expect(throws: ControlFault.self) { try RequestRow(busValue: .string("no dictionary")) }
        for field in RequestRow.Attempt.Field.allCases {
            let attempts: BusValue = .array(of: "a{sv}", [.variants([field.rawValue: .byte(1)])])
            #expect(throws: ControlFault.self) { try RequestRow(busValue: .variants(["attempts": attempts])) }
        }
    }

    @Test func aPageComesBackAsItWas() throws {
        var other = RequestRow()
        other.id = "req-2"
        let page = RequestPage(rows: [Samples.row, other], cursor: "next")
        #expect(try RequestPage(busValues: page.busValues) == page)
        let empty = RequestPage(rows: [], cursor: "")
        #expect(try RequestPage(busValues: empty.busValues) == empty)
        #expect(empty.busValues.map(\.signature) == ["aa{sv}", "s"])
    }

    @Test func aPageOfAnotherShapeIsRefused() {
        #expect(throws: ControlFault.self) { try RequestPage(busValues: []) }
        #expect(throws: ControlFault.self) { try RequestPage(busValues: [.string(""), .string("")]) }
    }

    @Test func theEntriesOfAReloadComeBackAsTheyWere() throws {
        let entries = [
            ReloadEntry(key: "retry.max_attempts", result: "applied", reason: ""),
            ReloadEntry(key: "server.listen", result: "restart_required", reason: "a listener is open"),
        ]
        let value = ReloadEntry.busValue(of: entries)
        #expect(value.signature == "a(sss)")
        #expect(try ReloadEntry.entries(busValue: value) == entries)
        #expect(try ReloadEntry.entries(busValue: ReloadEntry.busValue(of: [])) == [])
        #expect(throws: ControlFault.self) { try ReloadEntry.entries(busValue: .string("")) }
    }
}
