import Testing

@testable import DBusKit

@Suite(.timeLimit(.minutes(5)))
struct ObjectManagerTests {
    private static let interface: InterfaceName = "org.freedesktop.DBus.ObjectManager"

    private static func added(_ path: ObjectPath, _ interfaces: BusValue, by manager: ObjectPath) -> OutgoingSignal {
        OutgoingSignal(
            path: manager,
            interface: Self.interface,
            member: "InterfacesAdded",
            arguments: [.path(path), interfaces],
            destination: nil
        )
    }

    private static func removed(_ path: ObjectPath, _ interfaces: [String], by manager: ObjectPath) -> OutgoingSignal {
        OutgoingSignal(
            path: manager,
            interface: Self.interface,
            member: "InterfacesRemoved",
            arguments: [.path(path), .strings(interfaces)],
            destination: nil
        )
    }

    private static func changed(_ path: ObjectPath, _ values: [String: BusValue]) -> OutgoingSignal {
        OutgoingSignal(
            path: path,
            interface: "org.freedesktop.DBus.Properties",
            member: "PropertiesChanged",
            arguments: [.string("org.example.Sample"), .variants(values), .strings([])],
            destination: nil
        )
    }

    /// `a{sa{sv}}`
    private static func interfaces(_ interfaces: [(String, [String: BusValue])]) -> BusValue {
        .dictionary(
            key: "s",
            value: "a{sv}",
            interfaces.map { BusEntry(key: .string($0.0), value: .variants($0.1)) }
        )
    }

    /// `a{oa{sa{sv}}}`
    private static func objects(_ objects: [(ObjectPath, BusValue)]) -> CallOutcome {
        .values([
            .dictionary(
                key: "o",
                value: "a{sa{sv}}",
                objects.map { BusEntry(key: .path($0.0), value: $0.1) }
            )
        ])
    }

    private static let sample = interfaces([("org.example.Sample", SampleObject.values)])

    private static func held(at gate: Gate) -> SampleObject {
        SampleObject(onProperties: { _ in
            await gate.pass()
            return SampleObject.values
        })
    }

    @Test
    func tellsTheObjectsBelowItWithTheirProperties() async throws {
        let exports = Exports()
        // Neither the manager's own object nor one beside it belongs to it.
        for path: ObjectPath in ["/m", "/m/b/c", "/other", "/mm"] {
            try exports.objects.export(SampleObject(), at: path)
        }
        try exports.objects.export(SampleObject.double, at: "/m/a")
        try exports.objects.exportObjectManager(at: "/m")
        let outcome = await exports.call("/m", Self.interface, "GetManagedObjects")
        let double = Self.interfaces([
            ("org.example.Sample", SampleObject.values),
            ("org.example.Other", ["Name": .int32(7), "Only": .boolean(true)]),
        ])
        #expect(outcome == Self.objects([("/m/a", double), ("/m/b/c", Self.sample)]))
        #expect(outcome.values?.first?.signature == "a{oa{sa{sv}}}")
        #expect(exports.events == [.reply(outcome)])
    }

    @Test
    func tellsNothingWhenThereIsNothingBelowIt() async throws {
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        let outcome = await exports.call("/m", nil, "GetManagedObjects")
        #expect(outcome == Self.objects([]))
        #expect(outcome.values?.first?.signature == "a{oa{sa{sv}}}")
    }

    @Test
    func announcesWhatComesAndGoes() async throws {
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        try exports.objects.exportObjectManager(at: "/")
        let signals = SignalReader(exports)
        try exports.objects.export(SampleObject(), at: "/m/a")
        #expect(await signals.next() == Self.added("/m/a", Self.sample, by: "/"))
        #expect(await signals.next() == Self.added("/m/a", Self.sample, by: "/m"))
        exports.objects.unexport("/m/a")
        #expect(await signals.next() == Self.removed("/m/a", ["org.example.Sample"], by: "/"))
        #expect(await signals.next() == Self.removed("/m/a", ["org.example.Sample"], by: "/m"))
        // Nothing more comes or goes.
        exports.objects.unexport("/m/a")
        try exports.objects.export(SampleObject(), at: "/m")
        #expect(await signals.next() == Self.added("/m", Self.sample, by: "/"))
        #expect(exports.events.count == 5)
    }

    @Test
    func announcesChangesAfterTheObjectItself() async throws {
        let gate = Gate()
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        try exports.objects.export(Self.held(at: gate), at: "/m/a")
        await gate.arrivals(1)
        for (name, value) in [("Level", BusValue.uint32(4)), ("Name", .string("y")), ("Level", .uint32(5))] {
            exports.objects.propertiesChanged(
                at: "/m/a", interface: "org.example.Sample", changed: [name: value], invalidated: [])
        }
        #expect(exports.events == [])
        gate.open()
        let signals = SignalReader(exports)
        #expect(await signals.next() == Self.added("/m/a", Self.sample, by: "/m"))
        #expect(await signals.next() == Self.changed("/m/a", ["Level": .uint32(5), "Name": .string("y")]))
        exports.objects.propertiesChanged(
            at: "/m/a", interface: "org.example.Sample", changed: ["Level": .uint32(6)], invalidated: [])
        #expect(await signals.next() == Self.changed("/m/a", ["Level": .uint32(6)]))
    }

    @Test
    func doesNotAnnounceAnObjectThatHasGoneBeforeItWasAnnounced() async throws {
        let gate = Gate()
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        try exports.objects.export(Self.held(at: gate), at: "/m/a")
        await gate.arrivals(1)
        exports.objects.propertiesChanged(
            at: "/m/a", interface: "org.example.Sample", changed: ["Level": .uint32(4)], invalidated: [])
        exports.objects.unexport("/m/a")
        // Another one takes its place.
        try exports.objects.export(SampleObject.double, at: "/m/a")
        let signals = SignalReader(exports)
        #expect(await signals.next() == Self.removed("/m/a", ["org.example.Sample"], by: "/m"))
        let double = Self.interfaces([
            ("org.example.Sample", SampleObject.values),
            ("org.example.Other", ["Name": .int32(7), "Only": .boolean(true)]),
        ])
        #expect(await signals.next() == Self.added("/m/a", double, by: "/m"))
        gate.open()
        // Whatever the first one had to say comes to nothing; this is the next that comes.
        exports.objects.unexport("/m/a")
        #expect(
            await signals.next() == Self.removed("/m/a", ["org.example.Sample", "org.example.Other"], by: "/m"))
        #expect(exports.events.count == 3)
    }

    @Test
    func announcesAnObjectWhosePropertiesCannotBeRead() async throws {
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        let object = SampleObject(onProperties: { _ throws(BusError) in throw BusError(.failed, "no") })
        try exports.objects.export(object, at: "/m/a")
        let signals = SignalReader(exports)
        #expect(
            await signals.next() == Self.added("/m/a", Self.interfaces([("org.example.Sample", [:])]), by: "/m"))
    }

    @Test("answers with what is there when it answers, so that no reader keeps an object that has gone")
    func answersWithWhatIsThere() async throws {
        let gate = Gate()
        let exports = Exports()
        try exports.objects.export(Self.held(at: gate), at: "/m/gone")
        try exports.objects.export(SampleObject(), at: "/m/stays")
        try exports.objects.exportObjectManager(at: "/m")
        async let outcome = exports.call("/m", Self.interface, "GetManagedObjects")
        await gate.arrivals(1)
        exports.objects.unexport("/m/gone")
        try exports.objects.export(SampleObject(), at: "/m/new")
        let signals = SignalReader(exports)
        #expect(await signals.next() == Self.removed("/m/gone", ["org.example.Sample"], by: "/m"))
        #expect(await signals.next() == Self.added("/m/new", Self.sample, by: "/m"))
        gate.open()
        #expect(await outcome == Self.objects([("/m/new", Self.sample), ("/m/stays", Self.sample)]))
    }

    @Test
    func leavesOutObjectsThatSayThatTheyHaveGone() async throws {
        let exports = Exports()
        let gone = SampleObject(onProperties: { _ throws(BusError) in throw BusError(.unknownObject, "gone") })
        try exports.objects.export(gone, at: "/m/gone")
        try exports.objects.export(SampleObject(), at: "/m/stays")
        try exports.objects.exportObjectManager(at: "/m")
        let outcome = await exports.call("/m", Self.interface, "GetManagedObjects")
        #expect(outcome == Self.objects([("/m/stays", Self.sample)]))
    }

    @Test
    func failsWithTheErrorOfAnObjectThatCannotBeRead() async throws {
        let exports = Exports()
        let broken = SampleObject(onProperties: { _ throws(BusError) in throw BusError(.failed, "broken") })
        try exports.objects.export(broken, at: "/m/broken")
        try exports.objects.exportObjectManager(at: "/m")
        let outcome = await exports.call("/m", Self.interface, "GetManagedObjects")
        #expect(outcome.error == BusError(.failed, "broken"))
    }

    @Test
    func keepsTheOrderOfSignalsOfOneObjectWhenManyComeAndGo() async throws {
        let exports = Exports()
        try exports.objects.exportObjectManager(at: "/m")
        let rounds = 50
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                let path = ObjectPath("/m").appending("key\(number)")
                group.addTask {
                    for _ in 0..<rounds {
                        try exports.objects.export(SampleObject(), at: path)
                        await Task.yield()
                        exports.objects.propertiesChanged(
                            at: path, interface: "org.example.Sample", changed: ["Level": .uint32(1)], invalidated: [])
                        exports.objects.unexport(path)
                    }
                }
            }
            try await group.waitForAll()
        }
        // Of each object: perhaps it came, then perhaps it changed, and certainly it went.
        var steps: [ObjectPath: [MemberName]] = [:]
        for event in exports.events {
            guard case .signal(let signal) = event else { continue }
            let path = signal.member == "PropertiesChanged" ? signal.path : try #require(signal.arguments[0].asPath)
            steps[path, default: []].append(signal.member)
        }
        #expect(steps.count == 8)
        for (path, steps) in steps {
            let lives = steps.split(separator: "InterfacesRemoved", omittingEmptySubsequences: false).map(Array.init)
            #expect(lives.count == rounds + 1, "\(path)")
            #expect(lives.last == [])
            let possible: [[MemberName]] = [
                [], ["InterfacesAdded"], ["InterfacesAdded", "PropertiesChanged"],
            ]
            #expect(lives.allSatisfy { possible.contains($0) }, "\(path)")
        }
    }
}
