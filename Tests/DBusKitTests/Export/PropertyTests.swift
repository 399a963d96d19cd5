import Testing

@testable import DBusKit

@Suite(.timeLimit(.minutes(5)))
struct PropertyTests {
    private static let interface: InterfaceName = "org.freedesktop.DBus.Properties"
    private static let sample: BusValue = .string("org.example.Sample")

    @Test
    func getsOne() async throws {
        let exports = try Exports(SampleObject.double)
        for (name, value) in SampleObject.values {
            let outcome = await exports.call(Self.interface, "Get", [Self.sample, .string(name)])
            #expect(outcome == .values([.variant(value)]))
        }
        let other = await exports.call(Self.interface, "Get", [.string("org.example.Other"), .string("Name")])
        #expect(other == .values([.variant(.int32(7))]))
    }

    @Test
    func getsThemAllOfOneInterfaceOrOfAll() async throws {
        let exports = try Exports(SampleObject.double)
        let sample = await exports.call(Self.interface, "GetAll", [Self.sample])
        #expect(sample == .values([.variants(SampleObject.values)]))
        var all = SampleObject.values
        all["Only"] = .boolean(true)
        #expect(await exports.call(Self.interface, "GetAll", [.string("")]) == .values([.variants(all)]))
    }

    @Test(arguments: ["Peer", "Introspectable", "Properties"])
    func findsNoneInTheStandardInterfaces(name: String) async throws {
        let exports = try Exports(SampleObject())
        let outcome = await exports.call(Self.interface, "GetAll", [.string("org.freedesktop.DBus.\(name)")])
        #expect(outcome == .values([.variants([:])]))
    }

    @Test
    func findsNoneWhereThereIsAnObjectManagerAlone() async throws {
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        let name: BusValue = .string("org.freedesktop.DBus.ObjectManager")
        #expect(await exports.call("/m", Self.interface, "GetAll", [name]) == .values([.variants([:])]))
        #expect(await exports.call("/m", Self.interface, "GetAll", [.string("")]) == .values([.variants([:])]))
        let outcome = await exports.call("/m", Self.interface, "Get", [name, .string("Name")])
        #expect(outcome.error?.name == .unknownProperty)
    }

    @Test
    func takesAnEmptyInterfaceForTheFirstThatHasTheProperty() async throws {
        let exports = try Exports(SampleObject.double)
        let name = await exports.call(Self.interface, "Get", [.string(""), .string("Name")])
        #expect(name == .values([.variant(.string("x"))]))
        let only = await exports.call(Self.interface, "Get", [.string(""), .string("Only")])
        #expect(only == .values([.variant(.boolean(true))]))
    }

    @Test
    func setsWhatCanBeSet() async throws {
        struct Setting: Sendable, Equatable {
            var name: MemberName
            var interface: InterfaceName
            var value: BusValue
            var sender: BusName?
        }
        let settings = Notes<Setting>()
        var object = SampleObject.double
        object.onSet = { settings.add(Setting(name: $0, interface: $1, value: $2, sender: $3)) }
        let exports = try Exports(object)
        let level = await exports.call(Self.interface, "Set", [Self.sample, .string("Level"), .variant(.uint32(9))])
        #expect(level == .values([]))
        let only = await exports.call(
            Self.interface, "Set", [.string(""), .string("Only"), .variant(.boolean(false))], from: ":1.9")
        #expect(only == .values([]))
        #expect(
            settings.all == [
                Setting(name: "Level", interface: "org.example.Sample", value: .uint32(9), sender: Exports.caller),
                Setting(name: "Only", interface: "org.example.Other", value: .boolean(false), sender: ":1.9"),
            ])
    }

    @Test(
        "answers with an error instead of values that are not as described",
        arguments: [["Name": .int32(1)], ["Unknown": .string("x")], [:]] as [[String: BusValue]])
    func tellsNothingThatIsNotAsDescribed(values: [String: BusValue]) async throws {
        var object = SampleObject()
        object.onProperties = { _ in values }
        let exports = try Exports(object)
        let outcome = await exports.call(Self.interface, "Get", [Self.sample, .string("Name")])
        #expect(outcome.error?.name == .failed)
        let all = await exports.call(Self.interface, "GetAll", [Self.sample])
        #expect((all.error?.name == .failed) == !values.isEmpty)
    }

    @Test
    func hasOneObjectThatSaysNothingOfPropertiesItDoesNotHave() async throws {
        struct Plain: BusObject {
            let interfaces = [InterfaceDescription(name: "org.example.Plain")]
            func call(_ call: BusCall) async throws(BusError) -> [BusValue] { [] }
        }
        let exports = Exports()
        try exports.objects.export(Plain(), at: "/a")
        let all = await exports.call("/a", Self.interface, "GetAll", [.string("org.example.Plain")])
        #expect(all == .values([.variants([:])]))
        await #expect(throws: BusError.self) {
            try await Plain().setProperty("Name", of: "org.example.Plain", to: .byte(1), by: nil)
        }
    }

    @Test
    func announcesChanges() throws {
        let exports = try Exports(SampleObject())
        exports.objects.propertiesChanged(
            at: Exports.path,
            interface: "org.example.Sample",
            changed: ["Level": .uint32(4)],
            invalidated: ["Parts"]
        )
        #expect(
            exports.events == [
                .signal(
                    OutgoingSignal(
                        path: Exports.path,
                        interface: Self.interface,
                        member: "PropertiesChanged",
                        arguments: [Self.sample, .variants(["Level": .uint32(4)]), .strings(["Parts"])],
                        destination: nil
                    ))
            ])
    }

    @Test
    func announcesNothingOfWhatIsNotExported() throws {
        let exports = try Exports(SampleObject())
        let change: [String: BusValue] = ["Level": .uint32(4)]
        let objects = exports.objects
        objects.propertiesChanged(at: "/a", interface: "org.example.Sample", changed: change, invalidated: [])
        objects.propertiesChanged(at: Exports.path, interface: "org.example.Other", changed: change, invalidated: [])
        objects.unexport(Exports.path)
        objects.propertiesChanged(at: Exports.path, interface: "org.example.Sample", changed: change, invalidated: [])
        #expect(exports.events == [])
    }

    @Test("never answers something older than what it announced before", arguments: ["Get", "GetAll"] as [MemberName])
    func answersNothingOlderThanWhatWasAnnounced(member: MemberName) async throws {
        let gate = Gate()
        let level = Notes<UInt32>()
        var object = SampleObject()
        object.onProperties = { _ in
            let values: [String: BusValue] = ["Level": .uint32(level.all.last ?? 0)]
            await gate.pass()
            return values
        }
        let exports = try Exports(object)
        async let outcome = exports.call(
            Self.interface, member, [Self.sample] + (member == "Get" ? [.string("Level")] : []))
        await gate.arrivals(1)
        level.add(1)
        exports.objects.propertiesChanged(
            at: Exports.path, interface: "org.example.Sample", changed: ["Level": .uint32(1)], invalidated: [])
        gate.open()
        let value = await outcome.values?.first
        #expect(value == (member == "Get" ? .variant(.uint32(1)) : .variants(["Level": .uint32(1)])))
        #expect(gate.arrived == 2)
    }

    @Test
    func answersInTheEndThoughChangesKeepComing() async throws {
        let exports = Exports()
        var object = SampleObject()
        object.onProperties = { [objects = exports.objects] _ in
            objects.propertiesChanged(
                at: "/a", interface: "org.example.Sample", changed: ["Level": .uint32(1)], invalidated: [])
            return ["Level": .uint32(1)]
        }
        try exports.objects.export(object, at: "/a")
        let outcome = await exports.call("/a", Self.interface, "GetAll", [Self.sample])
        #expect(outcome == .values([.variants(["Level": .uint32(1)])]))
    }

    @Test
    func saysSoWhenTheObjectGoesWhileItIsRead() async throws {
        let gate = Gate()
        var object = SampleObject()
        object.onProperties = { _ in
            await gate.pass()
            return SampleObject.values
        }
        let exports = try Exports(object)
        async let one = exports.call(Self.interface, "Get", [Self.sample, .string("Name")])
        async let all = exports.call(Self.interface, "GetAll", [Self.sample])
        await gate.arrivals(2)
        exports.objects.unexport(Exports.path)
        gate.open()
        #expect(await one.error?.name == .unknownObject)
        #expect(await all.error?.name == .unknownObject)
    }
}
