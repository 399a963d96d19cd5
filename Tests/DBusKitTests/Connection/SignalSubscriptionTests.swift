import DBusKit
import TestSupport
import Testing

/// Signals through a real bus.
@Suite(.timeLimit(.minutes(5)))
struct SignalSubscriptionTests {
    private static let path: ObjectPath = "/org/example/Object"
    private static let interface: InterfaceName = "org.example.Test"

    @Test func bringsWhatTheRuleAsksFor() async throws {
        try await Self.withConnections { sender, taker in
            let rule = SignalRule(sender: sender.uniqueName, interface: Self.interface, argument0: "it's")
            let signals = try await taker.signals(rule)
            sender.emit(path: Self.path, interface: Self.interface, member: "Other", [.string("its")])
            sender.emit(path: Self.path, interface: "org.example.Other", member: "M", [.string("it's")])
            sender.emit(path: Self.path, interface: Self.interface, member: "Wanted", [.string("it's"), .byte(1)])
            var iterator = signals.makeAsyncIterator()
            let signal = await iterator.next()
            #expect(
                signal
                    == BusSignal(
                        sender: sender.uniqueName,
                        path: Self.path,
                        interface: Self.interface,
                        member: "Wanted",
                        arguments: [.string("it's"), .byte(1)]
                    )
            )
        }
    }

    @Test func bringsSignalsThatAreForThisConnectionAlone() async throws {
        try await Self.withConnections { sender, taker in
            let signals = try await taker.signals(SignalRule(interface: Self.interface))
            let others = try await sender.signals(SignalRule(interface: Self.interface))
            sender.emit(path: Self.path, interface: Self.interface, member: "Private", [], to: taker.uniqueName)
            sender.emit(path: Self.path, interface: Self.interface, member: "Public", [])
            var iterator = signals.makeAsyncIterator()
            #expect(await iterator.next()?.member == "Private")
            #expect(await iterator.next()?.member == "Public")
            var otherIterator = others.makeAsyncIterator()
            #expect(await otherIterator.next()?.member == "Public")
        }
    }

    @Test func dropsTheOldestAndTells() async throws {
        try await Self.withConnections { sender, taker in
            let few = try await taker.signals(SignalRule(interface: Self.interface), capacity: 3)
            let last = try await taker.signals(SignalRule(interface: Self.interface, member: "Last"))
            for number: UInt32 in 0..<10 {
                sender.emit(path: Self.path, interface: Self.interface, member: "M", [.uint32(number)])
            }
            sender.emit(path: Self.path, interface: Self.interface, member: "Last", [])
            var iterator = last.makeAsyncIterator()
            _ = await iterator.next()
            sender.emit(path: Self.path, interface: Self.interface, member: "Last", [])
            _ = await iterator.next()
            var fewIterator = few.makeAsyncIterator()
            let first = await fewIterator.next()
            #expect(first?.arguments == [.uint32(9)])
            #expect(first?.missed == 9)
            #expect(await fewIterator.next()?.missed == 0)
        }
    }

    @Test func keepsTheRuleUntilTheLastSubscriptionIsGone() async throws {
        try await Self.withConnections { sender, taker in
            let rule = SignalRule(sender: sender.uniqueName, interface: Self.interface)
            let first = try await taker.signals(rule)
            let second = try await taker.signals(rule)
            first.cancel()
            for await _ in first { Issue.record("a signal came after the end") }
            // The bus has seen to the removal once it has answered this.
            _ = try await taker.hasOwner("org.example.Nobody", timeout: .seconds(10))
            sender.emit(path: Self.path, interface: Self.interface, member: "M", [])
            var iterator = second.makeAsyncIterator()
            #expect(await iterator.next()?.member == "M")
            // With the last one gone the bus sends nothing more: a broader rule of the taker's own filter sees it.
            second.cancel()
            _ = try await taker.hasOwner("org.example.Nobody", timeout: .seconds(10))
            let marked = try await taker.signals(SignalRule(member: "Marker"))
            sender.emit(path: Self.path, interface: Self.interface, member: "M", [])
            sender.emit(path: Self.path, interface: Self.interface, member: "Marker", [])
            var marker = marked.makeAsyncIterator()
            #expect(await marker.next()?.member == "Marker")
        }
    }

    @Test func removesTheRuleWhenNothingRefersToTheSubscription() async throws {
        try await Self.withConnections { sender, taker in
            // The bus refuses to remove a rule that it does not have.
            let rule = SignalRule(interface: Self.interface)
            do {
                let signals = try await taker.signals(rule)
                #expect(try await Self.remove("type='signal',interface='org.example.Test'", taker) == true)
                withExtendedLifetime(signals) {}
            }
            do {
                let signals = try await taker.signals(rule)
                withExtendedLifetime(signals) {}
            }
            #expect(try await Self.remove("type='signal',interface='org.example.Test'", taker) == false)
        }
    }

    @Test func endsWhenTheTaskThatTakesIsCancelled() async throws {
        try await Self.withConnections { _, taker in
            let signals = try await taker.signals(SignalRule(interface: Self.interface))
            let task = Task { for await _ in signals {} }
            task.cancel()
            await task.value
            for await _ in signals {}
        }
    }

    @Test func endsWithTheConnection() async throws {
        try await Self.withConnections { sender, taker in
            let signals = try await taker.signals(SignalRule(interface: Self.interface))
            sender.emit(path: Self.path, interface: Self.interface, member: "M", [])
            let marked = try await taker.signals(SignalRule(sender: sender.uniqueName, member: "Last"))
            sender.emit(path: Self.path, interface: Self.interface, member: "Last", [])
            var iterator = marked.makeAsyncIterator()
            _ = await iterator.next()
            await taker.close()
            // What has come can still be taken.
            var count = 0
            for await _ in signals { count += 1 }
            #expect(count == 2)
            let error = await #expect(throws: BusError.self) { try await taker.signals(SignalRule()) }
            #expect(error?.kind == .disconnected)
        }
    }

    @Test func believesOnlyTheOwnerOfTheSendersName() async throws {
        try await Self.withConnections { owner, taker in
            #expect(try await owner.requestName("org.example.Owner", timeout: .seconds(10)))
            let signals = try await taker.signals(SignalRule(sender: "org.example.Owner", member: "M"))
            // Anybody can send a signal straight to a connection, past all rules.
            let liar = try await BusConnection.open(.address(Self.address), timeout: .seconds(10))
            liar.emit(path: Self.path, interface: Self.interface, member: "M", [.string("lie")], to: taker.uniqueName)
            await liar.close()
            owner.emit(
                path: Self.path, interface: Self.interface, member: "M", [.string("truth")], to: taker.uniqueName)
            var iterator = signals.makeAsyncIterator()
            #expect(await iterator.next()?.arguments == [.string("truth")])

            // The name goes to somebody else, and with it the right to speak.
            await owner.close()
            let next = try await BusConnection.open(.address(Self.address), timeout: .seconds(10))
            next.emit(path: Self.path, interface: Self.interface, member: "M", [.string("early")], to: taker.uniqueName)
            #expect(try await next.requestName("org.example.Owner", timeout: .seconds(10)))
            next.emit(path: Self.path, interface: Self.interface, member: "M", [.string("heir")])
            #expect(await iterator.next()?.arguments == [.string("heir")])
            await next.close()
        }
    }

    @Test func followsANameThatNobodyHasYet() async throws {
        try await Self.withConnections { sender, taker in
            let signals = try await taker.signals(SignalRule(sender: "org.example.Later"))
            sender.emit(path: Self.path, interface: Self.interface, member: "Early", [])
            #expect(try await sender.requestName("org.example.Later", timeout: .seconds(10)))
            sender.emit(path: Self.path, interface: Self.interface, member: "Late", [])
            var iterator = signals.makeAsyncIterator()
            #expect(await iterator.next()?.member == "Late")
        }
    }

    private static func remove(_ rule: String, _ connection: BusConnection) async throws -> Bool {
        do throws(BusError) {
            _ = try await connection.callBus("RemoveMatch", [.string(rule)])
            return true
        } catch {
            guard error.name.text == "org.freedesktop.DBus.Error.MatchRuleNotFound" else { throw error }
            return false
        }
    }

    @TaskLocal private static var address = ""

    /// Opens two connections to a bus whose address is ``address`` for the time.
    private static func withConnections(
        _ body: (_ sender: BusConnection, _ taker: BusConnection) async throws -> Void
    ) async throws {
        try await PrivateBus.with { bus in
            try await Self.$address.withValue(bus.address) {
                let sender = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
                let taker = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
                try await body(sender, taker)
                await sender.close()
                await taker.close()
            }
        }
    }
}
