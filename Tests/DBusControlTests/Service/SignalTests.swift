import DBusControl
import DBusKit
import TestSupport
import Testing

/// The signals of the manager over a bus.
@Suite(.timeLimit(.minutes(5)))
struct SignalTests {
    @Test func aChangedStateIsToldOnce() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: ManagerInterface.name)
            stage.service.keyStateChanged("my-key", old: "usable", new: "cooling", reason: "rate_limited", usableAt: 42)
            stage.service.rotated(from: "my-key", to: "beta", reason: "rate_limited")
            stage.service.configReloaded([ReloadEntry(key: "rotation.mode", result: "applied", reason: "why")])
            var iterator = signals.makeAsyncIterator()
            let first = try #require(await iterator.next())
            #expect(first.path == ControlPath.manager)
            #expect(first.member == "KeyStateChanged")
            #expect(
                first.arguments == [
                    .path("/org/kmi/Proxy1/key/my_2dkey"), .string("usable"), .string("cooling"),
                    .string("rate_limited"), .uint64(42),
                ])
            let second = try #require(await iterator.next())
            #expect(second.member == "Rotated")
            #expect(second.arguments == [.string("my-key"), .string("beta"), .string("rate_limited")])
            let third = try #require(await iterator.next())
            #expect(third.member == "ConfigReloaded")
            #expect(
                try ReloadEntry.entries(busValue: third.arguments[0])
                    == [ReloadEntry(key: "rotation.mode", result: "applied", reason: "why")])
        }
    }

    @Test func aLongerRestIsNoChangeOfTheState() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: ManagerInterface.name)
            stage.service.keyStateChanged("beta", old: "usable", new: "cooling", reason: "rate_limited", usableAt: 42)
            stage.service.keyStateChanged("beta", old: "cooling", new: "cooling", reason: "rate_limited", usableAt: 43)
            stage.service.keyStateChanged("beta", old: "cooling", new: "usable", reason: "", usableAt: 0)
            var iterator = signals.makeAsyncIterator()
            for states in [["usable", "cooling"], ["cooling", "usable"]] {
                let signal = try #require(await iterator.next())
                #expect(Array(signal.arguments[1...2]) == states.map { .string($0) })
            }
        }
    }

    @Test func everySignalHasTheTypesThatAreIntrospected() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: ManagerInterface.name)
            try await stage.call(.subscribe, [.variants([:])])
            stage.service.keyStateChanged("alpha", old: "suspect", new: "usable", reason: "", usableAt: 0)
            stage.service.rotated(from: "", to: "", reason: "")
            stage.service.requestFinished(Samples.row)
            stage.service.configReloaded([])
            stage.service.warning("breaker_open", "A sentence.")
            var iterator = signals.makeAsyncIterator()
            for described in ManagerInterface.Signal.allCases.map(\.description) {
                let signal = try #require(await iterator.next())
                #expect(signal.member == described.name)
                #expect(signal.arguments.map(\.signature) == described.arguments.map(\.signature))
            }
        }
    }

    @Test func requestsAreToldToSubscribersOnly() async throws {
        try await ControlStage.with { stage in
            try await ControlStage.withConnection(to: stage.address) { bystander in
                let heard = try await stage.signals(of: ManagerInterface.name)
                let overheard = try await stage.signals(of: ManagerInterface.name, to: bystander)
                #expect(!stage.service.hasSubscribers)
                try await stage.call(.subscribe, [.variants([:])])
                #expect(stage.service.hasSubscribers)
                stage.service.requestFinished(Samples.row)
                stage.service.rotated(from: "a", to: "b", reason: "")

                var iterator = heard.makeAsyncIterator()
                let signal = try #require(await iterator.next())
                #expect(signal.member == "RequestFinished")
                var expected = Samples.row
                expected.dropped = 0
                #expect(try RequestRow(busValue: signal.arguments[0]) == expected)
                #expect(await iterator.next()?.member == "Rotated")
                var other = overheard.makeAsyncIterator()
                #expect(await other.next()?.member == "Rotated")

                try await stage.call(.unsubscribe)
                #expect(!stage.service.hasSubscribers)
                stage.service.requestFinished(Samples.row)
                stage.service.rotated(from: "b", to: "a", reason: "")
                #expect(await iterator.next()?.member == "Rotated")
            }
        }
    }

    @Test("a subscriber gets at most 100 requests in a second, and is told how many it did not get (X-035)")
    func aSubscriberGetsAtMostAHundredRequestsInASecond() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: ManagerInterface.name)
            try await stage.call(.subscribe, [.variants([:])])
            var sent: UInt64 = 0
            func send() {
                var row = RequestRow()
                sent += 1
                row.id = "\(sent)"
                stage.service.requestFinished(row)
            }
            let heard = HeardRequests()
            let listening = Task { for await signal in signals { try heard.note(signal) } }
            defer { listening.cancel() }
            for _ in 0..<150 { send() }
            try await eventually("a hundred requests are told") { heard.rows.count >= 100 }
            #expect(heard.rows.map(\.id) == (1...100).map { "\($0)" })
            #expect(heard.rows.allSatisfy { $0.dropped == 0 })
            // The next one comes when the second is over, and counts those that did not.
            try await eventually("a further request is told", every: .milliseconds(50)) {
                send()
                return heard.rows.count > 100
            }
            let row = heard.rows[100]
            #expect(row.dropped >= 50)
            #expect(UInt64(row.id) == 101 + row.dropped)
        }
    }

    @Test func aSubscriberThatGoesIsForgotten() async throws {
        try await ControlStage.with { stage in
            try await ControlStage.withConnection(to: stage.address) { listener in
                _ = try await listener.call(
                    ControlNames.bus, path: ControlPath.manager, interface: ManagerInterface.name,
                    member: ManagerInterface.Method.subscribe.member, [.variants([:])],
                    timeout: ControlStage.patience)
                #expect(stage.service.hasSubscribers)
            }
            try await eventually("the subscriber is forgotten") { !stage.service.hasSubscribers }
        }
    }
}
