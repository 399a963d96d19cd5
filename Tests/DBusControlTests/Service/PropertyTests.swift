import DBusControl
import DBusKit
import TestSupport
import Testing

/// The properties over a bus, and what is announced of them.
@Suite(.timeLimit(.minutes(5)))
struct PropertyTests {
    @Test func everyObjectTellsAllItsProperties() async throws {
        try await ControlStage.with { stage in
            let manager = try await stage.getAll(ControlPath.manager, ManagerInterface.name)
            #expect(manager == Samples.manager.busProperties)
            let key = try await stage.getAll(ControlPath.key("alpha"), KeyInterface.name)
            #expect(key == Samples.key.busProperties)
            let provider = try await stage.getAll(ControlPath.provider("kimi"), ProviderInterface.name)
            #expect(provider == Samples.provider.busProperties)
            let client = try await stage.getAll(ControlPath.client("ci"), ClientInterface.name)
            #expect(client == Samples.client.busProperties)
        }
    }

    @Test func eachPropertyCanBeReadAlone() async throws {
        try await ControlStage.with { stage in
            for property in ManagerInterface.Property.allCases {
                let told = try await stage.get(ControlPath.manager, ManagerInterface.name, property.rawValue)
                #expect(told == Samples.manager.value(of: property), "\(property)")
            }
            for property in KeyInterface.Property.allCases {
                let told = try await stage.get(ControlPath.key("alpha"), KeyInterface.name, property.rawValue)
                #expect(told == Samples.key.value(of: property), "\(property)")
            }
            for property in ProviderInterface.Property.allCases {
                let told = try await stage.get(ControlPath.provider("kimi"), ProviderInterface.name, property.rawValue)
                #expect(told == Samples.provider.value(of: property), "\(property)")
            }
            for property in ClientInterface.Property.allCases {
                let told = try await stage.get(ControlPath.client("ci"), ClientInterface.name, property.rawValue)
                #expect(told == Samples.client.value(of: property), "\(property)")
            }
        }
    }

    @Test("what is set has reached the daemon when the reply comes (K-013)")
    func whatIsSetHasReachedTheDaemonWhenTheReplyComes() async throws {
        try await ControlStage.with { stage in
            let manager = ControlPath.manager
            try await stage.set(manager, ManagerInterface.name, "RotationMode", .string("sticky"))
            try await stage.set(manager, ManagerInterface.name, "DryRun", .boolean(false))
            let key = ControlPath.key("alpha")
            try await stage.set(key, KeyInterface.name, "Enabled", .boolean(true))
            try await stage.set(key, KeyInterface.name, "Priority", .int32(-3))
            try await stage.set(key, KeyInterface.name, "Weight", .uint32(4))
            #expect(
                stage.plane.asked == [
                    "mode sticky", "dry run false", "change alpha: enabled true", "change alpha: priority -3",
                    "change alpha: weight 4",
                ])
            #expect(try await stage.get(manager, ManagerInterface.name, "RotationMode") == .string("sticky"))
            #expect(try await stage.get(key, KeyInterface.name, "Weight") == .uint32(4))
        }
    }

    @Test func whatIsSetIsAnnouncedWithItsValue() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.properties)
            try await stage.set(ControlPath.manager, ManagerInterface.name, "RotationMode", .string("sticky"))
            var iterator = signals.makeAsyncIterator()
            let signal = try #require(await iterator.next())
            #expect(signal.path == ControlPath.manager)
            #expect(signal.arguments[0] == .string(ManagerInterface.name.text))
            #expect(signal.arguments[1].asDictionary == ["RotationMode": .string("sticky")])
            #expect(signal.arguments[2] == .strings([]))
        }
    }

    @Test func changesThatTheDaemonTellsOfAreAnnouncedTogether() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.properties)
            stage.plane.with {
                $0.keys[0].state = "usable"
                $0.keys[0].usableAt = 0
                $0.keys[0].requests += 1
            }
            stage.service.keyChanged("alpha")
            var iterator = signals.makeAsyncIterator()
            let signal = try #require(await iterator.next())
            #expect(signal.path == ControlPath.key("alpha"))
            #expect(signal.arguments[1].asDictionary == ["State": .string("usable"), "UsableAt": .uint64(0)])
        }
    }

    @Test("tells at once that a breaker opens, and which keys a provider has (K-008)")
    func changesOfAProviderAreAnnounced() async throws {
        try await ControlStage.with { stage in
            stage.plane.with { $0.providers[0].breaker = "closed" }
            stage.service.providerChanged("kimi")
            let signals = try await stage.signals(of: Standard.properties)
            var iterator = signals.makeAsyncIterator()
            stage.plane.with { $0.providers[0].breaker = "half_open" }
            stage.service.providerChanged("kimi")
            stage.service.providerChanged("unheard")
            var breaker: BusValue?
            while breaker != .string("half_open"), let signal = await iterator.next() {
                #expect(signal.path == ControlPath.provider("kimi"))
                breaker = signal.arguments[1].asDictionary?["Breaker"]
            }
            #expect(breaker == .string("half_open"))
            stage.plane.with { $0.providers[0].keys = ["alpha"] }
            stage.service.objectsChanged()
            let signal = try #require(await iterator.next())
            #expect(
                signal.arguments[1].asDictionary == ["Keys": .array(of: "o", [.path(ControlPath.key("alpha"))])])
        }
    }

    @Test("an object is announced at most ten times a second, and its last value is told")
    func anObjectIsAnnouncedAtMostTenTimesASecond() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.properties)
            var iterator = signals.makeAsyncIterator()
            let start = ContinuousClock.now
            var announcements = 0
            var weight: UInt32 = 10
            for _ in 0..<4 {
                for _ in 0..<100 {
                    weight += 1
                    stage.plane.with { [weight] in $0.keys[0].weight = weight }
                    stage.service.keyChanged("alpha")
                }
                var last: UInt32?
                while last != weight, let signal = await iterator.next() {
                    announcements += 1
                    last = signal.arguments[1].asDictionary?["Weight"]?.asUInt32
                }
                #expect(last == weight)
            }
            #expect(start.duration(to: .now) >= .milliseconds(100) * (announcements - 1))
            #expect(announcements >= 4)
        }
    }

    @Test func nothingIsAnnouncedWhereNothingHasChanged() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.properties)
            stage.service.keyChanged("alpha")
            stage.service.keyChanged("unheard")
            stage.service.statusChanged()
            _ = try await stage.getAll(ControlPath.key("alpha"), KeyInterface.name)
            // The first announcement is that of a later change.
            try await stage.set(ControlPath.key("alpha"), KeyInterface.name, "Priority", .int32(77))
            var iterator = signals.makeAsyncIterator()
            let signal = try #require(await iterator.next())
            #expect(signal.arguments[1].asDictionary == ["Priority": .int32(77)])
        }
    }
}
