import DBusControl
import DBusKit
import Testing

/// The properties of the objects, there and back.
struct StatusEncodingTests {
    @Test func aManagerComesBackAsItWas() throws {
        #expect(try ManagerStatus(busProperties: Samples.manager.busProperties) == Samples.manager)
    }

    @Test func aKeyComesBackAsItWas() throws {
        #expect(try KeyStatus(busProperties: Samples.key.busProperties) == Samples.key)
    }

    @Test func aProviderComesBackAsItWas() throws {
        #expect(try ProviderStatus(busProperties: Samples.provider.busProperties) == Samples.provider)
        // Keys are objects, and none of another kind.
        let client: BusValue = .array(of: "o", [.path(ControlPath.client("ci"))])
        #expect(throws: ControlFault.self) { try ProviderStatus(busProperties: ["Keys": client]) }
    }

    @Test func aClientComesBackAsItWas() throws {
        #expect(try ClientStatus(busProperties: Samples.client.busProperties) == Samples.client)
    }

    @Test func theEndsOfTheRangesComeBack() throws {
        var key = KeyStatus()
        key.priority = .min
        key.weight = .max
        key.usableAt = .max
        key.requests = .max
        #expect(try KeyStatus(busProperties: key.busProperties) == key)
    }

    @Test func anUnknownQuantityOfAWindowStaysUnknown() throws {
        var key = KeyStatus()
        key.windows = [KeyStatus.Window(name: "balance", used: .nan, limit: .nan, resetsAt: 0)]
        let window = try #require(try KeyStatus(busProperties: key.busProperties).windows.first)
        #expect(window.used.isNaN)
        #expect(window.limit.isNaN)
        #expect(window.resetsAt == 0)
    }

    @Test func everyPropertyHasTheTypeThatIsIntrospected() {
        for property in ManagerInterface.Property.allCases {
            #expect(Samples.manager.value(of: property).signature == property.description.signature, "\(property)")
            #expect(ManagerStatus().value(of: property).signature == property.description.signature, "\(property)")
        }
        for property in KeyInterface.Property.allCases {
            #expect(Samples.key.value(of: property).signature == property.description.signature, "\(property)")
            #expect(KeyStatus().value(of: property).signature == property.description.signature, "\(property)")
        }
        for property in ProviderInterface.Property.allCases {
            #expect(Samples.provider.value(of: property).signature == property.description.signature, "\(property)")
            #expect(ProviderStatus().value(of: property).signature == property.description.signature, "\(property)")
        }
        for property in ClientInterface.Property.allCases {
            #expect(Samples.client.value(of: property).signature == property.description.signature, "\(property)")
            #expect(ClientStatus().value(of: property).signature == property.description.signature, "\(property)")
        }
    }

    @Test func whatIsMissingKeepsItsDefaultAndWhatIsUnknownIsPassedOver() throws {
        #expect(try ManagerStatus(busProperties: [:]) == ManagerStatus())
        #expect(try KeyStatus(busProperties: ["Novelty": .boolean(true)]) == KeyStatus())
        #expect(try ProviderStatus(busProperties: ["Novelty": .boolean(true)]) == ProviderStatus())
        #expect(try ClientStatus(busProperties: ["Novelty": .boolean(true)]) == ClientStatus())
    }

    @Test func aPropertyOfAnotherTypeIsRefusedByName() {
        for property in ManagerInterface.Property.allCases {
            var properties = Samples.manager.busProperties
            properties[property.rawValue] = .byte(1)
            let fault = #expect(throws: ControlFault.self) { try ManagerStatus(busProperties: properties) }
            #expect(fault?.code == .invalidArgument)
            #expect(fault?.message.contains(property.rawValue) == true)
        }
        for property in KeyInterface.Property.allCases {
            var properties = Samples.key.busProperties
            properties[property.rawValue] = .byte(1)
            let fault = #expect(throws: ControlFault.self) { try KeyStatus(busProperties: properties) }
            #expect(fault?.message.contains(property.rawValue) == true)
        }
        for property in ProviderInterface.Property.allCases {
            var properties = Samples.provider.busProperties
            properties[property.rawValue] = .byte(1)
            let fault = #expect(throws: ControlFault.self) { try ProviderStatus(busProperties: properties) }
            #expect(fault?.message.contains(property.rawValue) == true)
        }
        for property in ClientInterface.Property.allCases {
            var properties = Samples.client.busProperties
            properties[property.rawValue] = .byte(1)
            let fault = #expect(throws: ControlFault.self) { try ClientStatus(busProperties: properties) }
            #expect(fault?.message.contains(property.rawValue) == true)
        }
    }

    @Test func aStructureOfAnotherShapeIsRefused() {
        let short: BusValue = .structure([.string("5h"), .double(1)])
        #expect(throws: ControlFault.self) {
            try KeyStatus(busProperties: ["Windows": .array(of: "(sd)", [short])])
        }
        #expect(throws: ControlFault.self) {
            try KeyStatus(busProperties: ["ModelStates": .array(of: "(sd)", [short])])
        }
    }

    @Test func aNulInATextFromOutsideDoesNotReachTheBus() {
        var key = KeyStatus()
        key.reason = "a\0b"
        #expect(key.value(of: .reason) == .string("a\u{FFFD}b"))
    }
}
