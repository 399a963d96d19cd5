import TestSupport
import Testing

@testable import DBusKit

@Suite(.timeLimit(.minutes(5)))
struct CallTests {
    /// A call, and the error that it ends with.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var path: ObjectPath = Exports.path
        var interface: InterfaceName?
        var member: MemberName
        var arguments: [BusValue] = []
        var error: ErrorName

        var testDescription: String { "\(self.path) \(self.interface?.text ?? "-").\(self.member) → \(self.error)" }
    }

    /// Calls that go wrong at an object with ``SampleObject/sample`` alone.
    static let refusals: [Refusal] = [
        Refusal(path: "/", interface: "org.example.Sample", member: "Nothing", error: .unknownObject),
        Refusal(path: "/a", interface: "org.example.Sample", member: "Nothing", error: .unknownObject),
        Refusal(path: "/a/b/c", interface: nil, member: "Nothing", error: .unknownObject),
        Refusal(path: "/a/b/c", interface: nil, member: "Introspect", error: .unknownObject),
        Refusal(
            path: "/x", interface: "org.freedesktop.DBus.Introspectable", member: "Introspect", error: .unknownObject),
        Refusal(
            path: "/a", interface: "org.freedesktop.DBus.Properties", member: "GetAll", arguments: [.string("")],
            error: .unknownObject),
        Refusal(interface: "org.example.Unknown", member: "Nothing", error: .unknownInterface),
        Refusal(
            interface: "org.freedesktop.DBus.ObjectManager", member: "GetManagedObjects", error: .unknownInterface),
        Refusal(interface: "org.example.Sample", member: "Unknown", error: .unknownMethod),
        Refusal(interface: nil, member: "Unknown", error: .unknownMethod),
        Refusal(interface: "org.freedesktop.DBus.Peer", member: "Pong", error: .unknownMethod),
        Refusal(interface: "org.freedesktop.DBus.Introspectable", member: "Ping", error: .unknownMethod),
        Refusal(interface: "org.freedesktop.DBus.Properties", member: "PropertiesChanged", error: .unknownMethod),
        Refusal(interface: "org.freedesktop.DBus.Peer", member: "Ping", arguments: [.byte(1)], error: .invalidArgs),
        Refusal(
            interface: "org.freedesktop.DBus.Introspectable", member: "Introspect", arguments: [.byte(1)],
            error: .invalidArgs),
        Refusal(interface: "org.example.Sample", member: "Nothing", arguments: [.byte(1)], error: .invalidArgs),
        Refusal(interface: "org.example.Sample", member: "Echo", error: .invalidArgs),
        Refusal(interface: "org.example.Sample", member: "Echo", arguments: [.string("x")], error: .invalidArgs),
        Refusal(
            interface: "org.example.Sample", member: "Echo", arguments: [.path("/x"), .variants([:])],
            error: .invalidArgs),
        Refusal(
            interface: "org.example.Sample", member: "Echo", arguments: [.string("x"), .counts([:])],
            error: .invalidArgs),
        Refusal(interface: nil, member: "Get", arguments: [.string("org.example.Sample")], error: .invalidArgs),
        Refusal(interface: nil, member: "GetAll", arguments: [.path("/a")], error: .invalidArgs),
        Refusal(
            interface: nil, member: "Set", arguments: [.string("org.example.Sample"), .string("Level"), .uint32(1)],
            error: .invalidArgs),
        Refusal(
            interface: nil, member: "Get", arguments: [.string("org.example.Unknown"), .string("Name")],
            error: .unknownInterface),
        Refusal(
            interface: nil, member: "Get", arguments: [.string("no name at all"), .string("Name")],
            error: .unknownInterface),
        Refusal(
            interface: nil, member: "Get", arguments: [.string("org.example.Sample"), .string("Unknown")],
            error: .unknownProperty),
        Refusal(
            interface: nil, member: "Get", arguments: [.string("org.freedesktop.DBus.Peer"), .string("Name")],
            error: .unknownProperty),
        Refusal(
            interface: nil, member: "GetAll", arguments: [.string("org.example.Unknown")], error: .unknownInterface),
        Refusal(
            interface: nil, member: "Set",
            arguments: [.string("org.example.Sample"), .string("Unknown"), .variant(.uint32(1))],
            error: .unknownProperty),
        Refusal(
            interface: nil, member: "Set",
            arguments: [.string("org.example.Sample"), .string("Name"), .variant(.string("y"))],
            error: .propertyReadOnly),
        Refusal(
            interface: nil, member: "Set",
            arguments: [.string("org.example.Sample"), .string("Level"), .variant(.int32(1))],
            error: .invalidArgs),
        Refusal(
            interface: nil, member: "Set",
            arguments: [.string("org.example.Sample"), .string("Level"), .variant(.variant(.uint32(1)))],
            error: .invalidArgs),
    ]

    @Test(arguments: refusals)
    func answersWithTheStandardErrors(refusal: Refusal) async throws {
        let touched = Notes<String>()
        var object = SampleObject()
        object.onCall = { call in
            touched.add(call.member.text)
            return call.arguments
        }
        object.onSet = { name, _, _, _ in touched.add(name.text) }
        let exports = try Exports(object)
        let outcome = await exports.call(refusal.path, refusal.interface, refusal.member, refusal.arguments)
        #expect(outcome.error?.name == refusal.error, "\(outcome)")
        #expect(outcome.error?.message.isEmpty == false)
        #expect(touched.all == [])
    }

    @Test
    func runsTheObjectsOwnMethodsAndAnswersWhatTheyAnswer() async throws {
        let calls = Notes<BusCall>()
        var object = SampleObject()
        object.onCall = { call in
            calls.add(call)
            return call.arguments
        }
        let exports = try Exports(object)
        let arguments: [BusValue] = [.string("ä"), .variants(["n": .int32(1)])]
        let outcome = await exports.call("org.example.Sample", "Echo", arguments)
        #expect(outcome == .values(arguments))
        #expect(
            calls.all == [
                BusCall(
                    sender: Exports.caller,
                    path: Exports.path,
                    interface: "org.example.Sample",
                    member: "Echo",
                    arguments: arguments
                )
            ])
    }

    @Test
    func findsTheFirstInterfaceThatHasTheMemberWhenTheCallerNamesNone() async throws {
        let interfaces = Notes<InterfaceName>()
        var object = SampleObject.double
        object.onCall = { call in
            interfaces.add(call.interface)
            return []
        }
        let exports = try Exports(object)
        for member: MemberName in ["Nothing", "More", "Ping", "Introspect", "GetMachineId"] {
            _ = await exports.call(nil, member)
        }
        // An object's own interfaces come before the standard ones.
        #expect(interfaces.all == ["org.example.Sample", "org.example.Other", "org.example.Other"])
        #expect(await exports.call("org.freedesktop.DBus.Peer", "Ping") == .values([]))
        #expect(interfaces.all.count == 3)
    }

    @Test
    func saysWhatWasExpectedAndWhatCame() async throws {
        let exports = try Exports(SampleObject())
        let outcome = await exports.call("org.example.Sample", "Echo", [.string("secret"), .byte(1)])
        #expect(outcome.error?.message == "Echo takes (text: s, options: a{sv}), and got (sy)")
    }

    @Test
    func passesOnTheErrorsOfObjects() async throws {
        let error = BusError("org.example.Error.Tired", "later")
        var object = SampleObject()
        object.onCall = { _ throws(BusError) in throw error }
        object.onProperties = { _ throws(BusError) in throw error }
        object.onSet = { _, _, _, _ throws(BusError) in throw error }
        let exports = try Exports(object)
        let properties: InterfaceName = "org.freedesktop.DBus.Properties"
        let sample: BusValue = .string("org.example.Sample")
        #expect(await exports.call("org.example.Sample", "Nothing").error == error)
        #expect(await exports.call(properties, "GetAll", [sample]).error == error)
        #expect(await exports.call(properties, "Get", [sample, .string("Name")]).error == error)
        #expect(
            await exports.call(properties, "Set", [sample, .string("Level"), .variant(.uint32(1))]).error == error)
    }

    @Test(
        "answers with an error instead of an answer that is not as described",
        arguments: [[], [.string("x")], [.variants([:]), .string("x")], [.string("x"), .variants([:]), .byte(1)]]
            as [[BusValue]]
    )
    func answersNothingThatIsNotAsDescribed(answer: [BusValue]) async throws {
        var object = SampleObject()
        object.onCall = { _ in answer }
        let exports = try Exports(object)
        let outcome = await exports.call("org.example.Sample", "Echo", [.string("x"), .variants([:])])
        #expect(outcome.error?.name == .failed)
    }

    @Test
    func runsCallsThatExpectNoReply() async throws {
        let exports = try Exports(SampleObject())
        #expect(await exports.call("org.example.Sample", "Nothing", expectsReply: false) == .values([]))
        #expect(await exports.call(nil, "Unknown", expectsReply: false).error?.name == .unknownMethod)
    }

    @Test(arguments: ["/", "/a", "/a/b", "/nowhere"] as [ObjectPath])
    func answersThePeerInterfaceAtEveryPath(path: ObjectPath) async throws {
        let exports = try Exports(SampleObject())
        #expect(await exports.call(path, "org.freedesktop.DBus.Peer", "Ping") == .values([]))
        #expect(await exports.call(path, nil, "Ping") == .values([]))
        let outcome = await exports.call(path, "org.freedesktop.DBus.Peer", "GetMachineId")
        if let identifier = MachineID.read() {
            #expect(outcome == .values([.string(identifier)]))
        } else {
            #expect(outcome.error?.name == .failed)
        }
    }

    @Test
    func cancelsWhatRunsWhenTheConnectionEndsAndRefusesTheRest() async throws {
        let gate = Gate()
        var object = SampleObject()
        object.onCall = { _ throws(BusError) in
            await gate.pass()
            await untilCancelled()
            throw BusError("org.example.Error.Cancelled", "cancelled")
        }
        let exports = try Exports(object)
        gate.open()
        async let outcome = exports.call("org.example.Sample", "Nothing")
        await gate.arrivals(1)
        exports.objects.end()
        #expect(await outcome.error?.name == "org.example.Error.Cancelled")
        #expect(await exports.call("org.example.Sample", "Nothing").error?.kind == .disconnected)
        #expect(await exports.call("org.freedesktop.DBus.Peer", "Ping").error?.kind == .disconnected)
        #expect(throws: BusError.self) { try exports.objects.export(SampleObject(), at: "/late") }
        #expect(throws: BusError.self) { try exports.objects.exportObjectManager(at: "/late") }
    }

    @Test
    func letsGoOfItsObjectsWhenTheConnectionEnds() throws {
        final class Owner: Sendable {}
        weak var owner: Owner?
        let exports = Exports()
        do {
            let strong = Owner()
            owner = strong
            var object = SampleObject()
            object.onAuthorise = { _ in withExtendedLifetime(strong) {} }
            try exports.objects.export(object, at: "/a")
        }
        #expect(owner != nil)
        exports.objects.end()
        #expect(owner == nil)
    }

    @Test
    func exportsOneObjectAtAPath() throws {
        let exports = try Exports(SampleObject())
        let error = #expect(throws: BusError.self) { try exports.objects.export(SampleObject(), at: Exports.path) }
        #expect(error?.name == .objectPathInUse)
        #expect(error?.kind == .invalid)
        exports.objects.unexport(Exports.path)
        try exports.objects.export(SampleObject(), at: Exports.path)
    }

    @Test
    func refusesDescriptionsThatNobodyCanUse() {
        var twice = SampleObject.sample
        twice.methods.append(MethodDescription(name: "Nothing", input: [], output: []))
        var untyped = SampleObject.sample
        untyped.properties.append(PropertyDescription(name: "Wrong", signature: "ss"))
        let standard = InterfaceDescription(name: "org.freedesktop.DBus.Properties")
        for interfaces in [[twice], [untyped], [standard], [SampleObject.sample, SampleObject.sample]] {
            let exports = Exports()
            let error = #expect(throws: BusError.self) {
                try exports.objects.export(SampleObject(interfaces: interfaces), at: "/a")
            }
            #expect(error?.kind == .invalid)
        }
    }
}
