import TestSupport
import Testing

@testable import DBusKit

/// Whoever is not allowed learns nothing (T-001, L-010).
@Suite(.timeLimit(.minutes(5)))
struct AuthorisationTests {
    private static func denying(_ notes: Notes<BusCall>, _ touched: Notes<String>) -> SampleObject {
        SampleObject(
            onCall: { _ in
                touched.add("call")
                return []
            },
            onProperties: { _ in
                touched.add("properties")
                return SampleObject.values
            },
            onSet: { _, _, _, _ in touched.add("set") },
            onAuthorise: { call throws(BusError) in
                notes.add(call)
                throw BusError(.accessDenied, "no")
            }
        )
    }

    /// What is asked of an object that is there, right or wrong.
    private static let calls: [CallTests.Refusal] =
        CallTests.refusals.filter {
            let free: [InterfaceName?] = ["org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable"]
            return $0.path == Exports.path && !free.contains($0.interface)
        } + [
            .init(interface: "org.example.Sample", member: "Nothing", error: .accessDenied),
            .init(interface: nil, member: "Nothing", error: .accessDenied),
            .init(interface: nil, member: "GetAll", arguments: [.string("")], error: .accessDenied),
            .init(
                interface: nil, member: "Get", arguments: [.string("org.example.Sample"), .string("Name")],
                error: .accessDenied),
            .init(
                interface: "org.freedesktop.DBus.Properties", member: "Set",
                arguments: [.string("org.example.Sample"), .string("Level"), .variant(.uint32(1))],
                error: .accessDenied),
        ]

    @Test("asks before anything else, about every call (T-001, L-010)", arguments: calls)
    func asksBeforeAnythingElse(call: CallTests.Refusal) async throws {
        let asked = Notes<BusCall>()
        let touched = Notes<String>()
        let exports = try Exports(Self.denying(asked, touched))
        let outcome = await exports.call(call.path, call.interface, call.member, call.arguments)
        #expect(outcome.error?.name == .accessDenied, "\(outcome)")
        #expect(touched.all == [])
        #expect(asked.all.count == 1)
        let question = try #require(asked.all.first)
        #expect(question.sender == Exports.caller)
        #expect(question.member == call.member)
        #expect(question.arguments == call.arguments)
        if let interface = call.interface { #expect(question.interface == interface) }
    }

    @Test
    func namesTheInterfaceOfCallsThatNameNone() async throws {
        let asked = Notes<BusCall>()
        let exports = try Exports(Self.denying(asked, Notes()))
        for member: MemberName in ["Nothing", "GetAll", "Unknown"] { _ = await exports.call(nil, member) }
        #expect(
            asked.all.map(\.interface)
                == ["org.example.Sample", "org.freedesktop.DBus.Properties", "org.example.Sample"])
    }

    @Test("asks nobody about what tells nothing")
    func leavesPeerFree() async throws {
        let asked = Notes<BusCall>()
        let exports = try Exports(Self.denying(asked, Notes()))
        #expect(await exports.call("org.freedesktop.DBus.Peer", "Ping").error == nil)
        // Above all objects there are no names but those of the path to them.
        #expect(await exports.call("/a", "org.freedesktop.DBus.Introspectable", "Introspect").error == nil)
        #expect(asked.all == [])
    }

    @Test("asks the nearest object above about the names of what is below it, and about what is not there (T-001)")
    func asksAboutNames() async throws {
        let asked = Notes<BusCall>()
        let exports = Exports()
        try exports.objects.export(Self.denying(asked, Notes()), at: "/a")
        try exports.objects.export(SampleObject(), at: "/a/list/one")
        for path: ObjectPath in ["/a", "/a/list", "/a/none"] {
            for (interface, member): (InterfaceName?, MemberName) in [
                ("org.freedesktop.DBus.Introspectable", "Introspect"), (nil, "Introspect"),
                ("org.example.Sample", "Nothing"), ("org.freedesktop.DBus.Properties", "GetAll"),
            ] {
                let outcome = await exports.call(path, interface, member)
                #expect(outcome.error?.name == .accessDenied, "\(path) \(member)")
            }
        }
        #expect(asked.all.count == 12)
        // Who may know is told.
        let open = Exports()
        try open.objects.export(SampleObject(), at: "/a")
        try open.objects.export(SampleObject(), at: "/a/list/one")
        let text = await open.call("/a/list", nil, "Introspect").values?.first?.asString
        #expect(text?.contains("one") == true)
        for member: MemberName in ["Introspect", "Nothing"] {
            let outcome = await open.call("/a/none", nil, member)
            #expect(outcome.error?.name == .unknownObject)
        }
    }

    @Test("tells whether a person may be asked", arguments: [false, true])
    func tellsOfInteraction(isAllowed: Bool) async throws {
        try await PrivateBus.with { bus in
            let server = try await BusConnection.open(.address(bus.address), timeout: .seconds(20))
            let caller = try await BusConnection.open(.address(bus.address), timeout: .seconds(20))
            let asked = Notes<BusCall>()
            try server.export(Self.denying(asked, Notes()), at: "/a")
            await #expect(throws: BusError.self) {
                try await caller.call(
                    server.uniqueName, path: "/a", interface: "org.example.Sample", member: "Nothing",
                    timeout: .seconds(20), allowsInteraction: isAllowed)
            }
            #expect(asked.all.map(\.allowsInteraction) == [isAllowed])
            await caller.close()
            await server.close()
        }
    }

    @Test("asks the object of a manager about everything below it (T-001)")
    func asksTheManagersObject() async throws {
        let asked = Notes<BusCall>()
        let touched = Notes<String>()
        let exports = Exports()
        try exports.objects.export(Self.denying(asked, touched), at: "/a")
        try exports.objects.export(SampleObject(), at: "/a/b")
        try exports.objects.exportObjectManager(at: "/a")
        let outcome = await exports.call("/a", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        #expect(outcome.error?.name == .accessDenied)
        #expect(asked.all.map(\.member) == ["GetManagedObjects"])
        #expect(touched.all == [])
    }

    @Test("asks every object below a manager that has none itself (T-001)")
    func asksTheObjectsOfAManagerWithoutAnObject() async throws {
        let asked = Notes<BusCall>()
        let touched = Notes<String>()
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/a")
        try exports.objects.export(Self.denying(asked, touched), at: "/a/b/c")
        // Its appearance was announced, for which its properties were read.
        let signals = SignalReader(exports)
        _ = await signals.next()
        let outcome = await exports.call("/a", nil, "GetManagedObjects")
        #expect(outcome.error?.name == .accessDenied)
        #expect(asked.all.count == 1)
        #expect(touched.all == ["properties"])
    }
}
