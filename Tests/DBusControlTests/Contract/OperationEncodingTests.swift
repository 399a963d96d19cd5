import DBusControl
import DBusKit
import Testing

/// Rows and options of what operators ask for: there and back, and refused strictly.
struct OperationEncodingTests {
    @Test func rowsComeBackAsTheyWere() throws {
        let settings = [Samples.setting, ConfigurationRow()]
        #expect(try ConfigurationRow.rows(busValue: ConfigurationRow.busValue(of: settings)) == settings)
        let diagnosis = [Samples.diagnosed, DiagnosisRow()]
        #expect(try DiagnosisRow.rows(busValue: DiagnosisRow.busValue(of: diagnosis)) == diagnosis)
        let page = AuditPage(rows: [Samples.audited, AuditRow()], cursor: "c")
        #expect(try AuditPage(busValues: page.busValues) == page)
    }

    @Test func rowsOfAnotherTypeAreRefused() {
        let wrong: BusValue = .array(of: "a{sv}", [.variants(["key": .byte(1), "check": .byte(1), "id": .byte(1)])])
        #expect(throws: ControlFault.self) { try ConfigurationRow.rows(busValue: wrong) }
        #expect(throws: ControlFault.self) { try DiagnosisRow.rows(busValue: wrong) }
        #expect(throws: ControlFault.self) { try AuditPage(busValues: [wrong, .string("")]) }
        #expect(throws: ControlFault.self) { try AuditPage(busValues: [.string("")]) }
        #expect(throws: ControlFault.self) { try DiagnosisRow.rows(busValue: .string("")) }
    }

    @Test("a filter of audit events comes back as it was, and keeps its bounds (A-024)")
    func anAuditFilterComesBack() throws {
        var filter = AuditFilter()
        filter.limit = 1000
        filter.cursor = "c"
        filter.since = 1
        filter.until = 2
        filter.action = "key_added"
        #expect(try AuditFilter(busValue: filter.busValue) == filter)
        #expect(try AuditFilter(busValue: .variants([:])) == AuditFilter())
        for (name, value) in [
            ("limit", BusValue.uint32(0)), ("limit", .uint32(1001)), ("action", .string("Key Added")),
            ("cursor", .string("\u{1}")), ("since", .string("now")), ("novelty", .boolean(true)),
        ] {
            let fault = #expect(throws: ControlFault.self) { try AuditFilter(busValue: .variants([name: value])) }
            #expect(fault?.code == .invalidArgument)
            #expect(fault?.message.contains(name) == true)
        }
    }

    @Test func limitsComeBackAndZeroIsNone() throws {
        var limits = KeyLimits()
        limits[.rps] = 2
        limits[.inFlight] = 3
        limits[.tpm] = 0
        #expect(try KeyLimits(busValue: limits.busValue) == limits)
        #expect(limits.values.count == 2)
        #expect(limits[.tpm] == 0)
        limits[.rps] = 0
        #expect(limits.values == [.inFlight: 3])
        #expect(throws: ControlFault.self) { try KeyLimits(busValue: .string("")) }
        // A newer daemon may know more kinds.
        let more: BusValue = .dictionary(
            key: "s", value: "u",
            [
                BusEntry(key: .string("rpd"), value: .uint32(9)), BusEntry(key: .string("rpm"), value: .uint32(5)),
            ])
        #expect(try KeyStatus(busProperties: ["Limits": more]).limits.values == [.rpm: 5])
        #expect(throws: ControlFault.self) { try KeyLimits(busValue: more) }
    }

    @Test func optionsOfKeysProvidersAndClientsComeBack() throws {
        var key = KeyOptions()
        key.limits[.rpm] = 60
        key.limits[.inFlight] = 2
        key.account = "me@example.com"
        key.store = .secretService
        #expect(try KeyOptions(busValue: key.busValue) == key)
        var provider = ProviderOptions()
        provider.anthropicBase = "https://api.example.com/anthropic"
        #expect(try ProviderOptions(busValue: provider.busValue) == provider)
        var client = ClientOptions()
        client.project = "web shop"
        #expect(try ClientOptions(busValue: client.busValue) == client)
        var diagnosis = DiagnosisOptions()
        diagnosis.isOffline = true
        #expect(try DiagnosisOptions(busValue: diagnosis.busValue) == diagnosis)
    }

    @Test(
        "refuses what is no e-mail address (K-036)",
        arguments: [
            "", "me", "@example.com", "me@", "a@b@c", "me @example.com", "<me@example.com>", "me@example.com\n",
            "mé@example.com", String(repeating: "a", count: 250) + "@b.de",
        ])
    func refusesWhatIsNoAddress(_ text: String) {
        #expect(!ControlText.isMailAddress(text))
        #expect(throws: ControlFault.self) { try KeyOptions(busValue: .variants(["account": .string(text)])) }
    }

    @Test func refusesOptionsOutOfRange() {
        #expect(throws: ControlFault.self) { try KeyOptions(busValue: .variants(["store": .string("disk")])) }
        #expect(throws: ControlFault.self) { try KeyOptions(busValue: .variants(["rpm": .int32(-1)])) }
        #expect(throws: ControlFault.self) { try ClientOptions(busValue: .variants(["project": .string("a\nb")])) }
        #expect(throws: ControlFault.self) { try ClientOptions(busValue: .variants(["project": .string("")])) }
        #expect(throws: ControlFault.self) {
            try ProviderOptions(busValue: .variants(["anthropic_base_url": .string("a b")]))
        }
    }
}
