import DBusControl
import DBusKit
import TestSupport
import Testing

/// Keys and clients that come and go, and the object manager.
@Suite(.timeLimit(.minutes(5)))
struct ObjectTests {
    private static let noticePatience = Duration.seconds(20)

    @Test func theObjectManagerTellsEverything() async throws {
        try await ControlStage.with { stage in
            let answer = try await stage.call(ControlPath.manager, Standard.objectManager, "GetManagedObjects")
            guard case .dictionary(_, _, let objects) = try #require(answer.first) else {
                Issue.record("no dictionary")
                return
            }
            #expect(
                Set(objects.compactMap(\.key.asPath)) == [
                    ControlPath.key("alpha"), ControlPath.provider("kimi"), ControlPath.client("ci"),
                ])
            let provider = try #require(objects.first { $0.key.asPath == ControlPath.provider("kimi") })
            let ofProvider = try #require(provider.value.asDictionary?[ProviderInterface.name.text]?.asDictionary)
            #expect(try ProviderStatus(busProperties: ofProvider) == Samples.provider)
            let key = try #require(objects.first { $0.key.asPath == ControlPath.key("alpha") })
            let properties = try #require(key.value.asDictionary?[KeyInterface.name.text]?.asDictionary)
            #expect(try KeyStatus(busProperties: properties) == Samples.key)
            let client = try #require(objects.first { $0.key.asPath == ControlPath.client("ci") })
            let ofClient = try #require(client.value.asDictionary?[ClientInterface.name.text]?.asDictionary)
            #expect(try ClientStatus(busProperties: ofClient) == Samples.client)
        }
    }

    @Test func objectsThatComeAndGoAreAnnounced() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.objectManager)
            var iterator = signals.makeAsyncIterator()
            stage.plane.with { state in
                var beta = Samples.key
                beta.label = "beta"
                state.keys.append(beta)
            }
            stage.service.objectsChanged()
            let added = try #require(await iterator.next())
            #expect(added.member == "InterfacesAdded")
            #expect(added.arguments[0] == .path(ControlPath.key("beta")))
            let properties = added.arguments[1].asDictionary?[KeyInterface.name.text]?.asDictionary
            #expect(properties?["Label"] == .string("beta"))

            stage.plane.with { $0.keys.removeAll { $0.label == "alpha" } }
            stage.service.objectsChanged()
            let removed = try #require(await iterator.next())
            #expect(removed.member == "InterfacesRemoved")
            #expect(removed.arguments[0] == .path(ControlPath.key("alpha")))

            stage.plane.with { $0.clients = [] }
            stage.service.objectsChanged()
            let gone = try #require(await iterator.next())
            #expect(gone.arguments[0] == .path(ControlPath.client("ci")))

            stage.plane.with { $0.providers[0].name = "moonshot" }
            stage.service.objectsChanged()
            let left = try #require(await iterator.next())
            #expect(left.member == "InterfacesRemoved")
            #expect(left.arguments[0] == .path(ControlPath.provider("kimi")))
            let came = try #require(await iterator.next())
            #expect(came.arguments[0] == .path(ControlPath.provider("moonshot")))
        }
    }

    @Test func aKeyThatMovesToAnotherProviderIsAnotherObject() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.objectManager)
            stage.plane.with { $0.keys[0].provider = "moonshot" }
            stage.service.objectsChanged()
            var iterator = signals.makeAsyncIterator()
            #expect(await iterator.next()?.member == "InterfacesRemoved")
            #expect(await iterator.next()?.member == "InterfacesAdded")
            #expect(
                try await stage.get(ControlPath.key("alpha"), KeyInterface.name, "Provider") == .string("moonshot"))
        }
    }

    @Test func aKeyThatIsAddedOverTheBusIsAnnouncedOnce() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: Standard.objectManager)
            try await stage.call(
                .addKey,
                [.string("beta"), .string("kimi"), .descriptor(try Pipe.closed("sk").reading), .variants([:])])
            var iterator = signals.makeAsyncIterator()
            #expect(await iterator.next()?.member == "InterfacesAdded")
            stage.service.objectsChanged()
            try await stage.call(.removeKey, [.string("beta")])
            #expect(await iterator.next()?.member == "InterfacesRemoved")
        }
    }

    @Test("one daemon for each bus has the name (K-002)")
    func oneDaemonForEachBusHasTheName() async throws {
        try await ControlStage.with { stage in
            try await ControlStage.withConnection(to: stage.address) { other in
                let second = ControlService(plane: FakeControlPlane(), ownUserID: 0, connection: other)
                try second.export()
                #expect(try await second.requestName(timeout: Self.noticePatience) == false)
            }
        }
    }
}
