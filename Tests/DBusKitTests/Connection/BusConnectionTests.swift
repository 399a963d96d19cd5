import DBusKit
import Foundation
import TestSupport
import Testing

/// Connections to a real bus: opening, calls of the bus itself, and the end.
@Suite(.timeLimit(.minutes(5)))
struct BusConnectionTests {
    @Test func hasTheNameThatTheBusGaveIt() async throws {
        try await PrivateBus.with { bus in
            let first = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let second = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            #expect(first.uniqueName.isUnique)
            #expect(first.uniqueName != second.uniqueName)
            let names = try await first.callBus("ListNames").first?.asArray?.compactMap(\.asString)
            #expect(names?.contains(second.uniqueName.text) == true)
            #expect(try await first.hasOwner(second.uniqueName, timeout: .seconds(10)))
            #expect(try await first.userID(of: second.uniqueName, timeout: .seconds(10)) == getuid())
            await second.close()
            #expect(try await first.hasOwner(second.uniqueName, timeout: .seconds(10)) == false)
            await first.close()
        }
    }

    @Test func handsOnErrorsOfTheOtherSide() async throws {
        try await PrivateBus.with { bus in
            let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let error = await #expect(throws: BusError.self) {
                try await connection.callBus("GetNameOwner", [.string("org.example.Nobody")])
            }
            #expect(error?.kind == .remote)
            #expect(error?.name == .nameHasNoOwner)
            #expect(error?.message.contains("org.example.Nobody") == true)
            // Only with `autoStart` the bus looks for a program that it could start.
            for (autoStart, name) in [(false, ErrorName.nameHasNoOwner), (true, .serviceUnknown)] {
                let missing = await #expect(throws: BusError.self) {
                    try await connection.call(
                        "org.example.Nobody",
                        path: "/",
                        interface: "org.example.I",
                        member: "M",
                        timeout: .seconds(10),
                        autoStart: autoStart
                    )
                }
                #expect(missing?.name == name)
            }
            await connection.close()
        }
    }

    @Test func refusesArgumentsThatLibdbusWouldAbortFor() async throws {
        try await PrivateBus.with { bus in
            let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            for flaw: BusValue in [.string("a\u{0}"), .array(of: "s", [.byte(1)]), .structure([])] {
                let error = await #expect(throws: BusError.self) {
                    try await connection.callBus("GetNameOwner", [flaw])
                }
                #expect(error?.kind == .invalid)
            }
            let error = await #expect(throws: BusError.self) {
                try await connection.signals(SignalRule(argument0: "\u{0}"))
            }
            #expect(error?.kind == .invalid)
            connection.emit(path: "/", interface: "org.example.I", member: "M", [.structure([])])
            await connection.close()
            #expect(connection.droppedSignals == 1)
        }
    }

    // MARK: - Opening

    @Test(
        "cannot be opened where no bus is",
        arguments: ["unix:path=/nonexistent/bus", "", "tcp:host=127.0.0.1,port=1", "unix:", "unix:path=%"]
    )
    func isUnreachable(address: String) async {
        let error = await #expect(throws: BusError.self) {
            try await BusConnection.open(.address(address), timeout: .seconds(10))
        }
        #expect(error?.kind == .unreachable)
    }

    @Test func givesUpOnABusThatSaysNothing() async throws {
        try await SilentSocket.with { address in
            let error = await #expect(throws: BusError.self) {
                try await BusConnection.open(.address(address), timeout: .milliseconds(50))
            }
            #expect(error?.kind == .timedOut)
        }
    }

    @Test func givesUpOpeningWhenCancelled() async throws {
        try await SilentSocket.with { address in
            let task = Task { try await BusConnection.open(.address(address), timeout: .seconds(3_600)) }
            task.cancel()
            let error = await #expect(throws: BusError.self) { try await task.value }
            #expect(error?.kind == .timedOut)
        }
    }

    @Test func failsWhenTheOtherSideHangsUpWhileOpening() async throws {
        try await SilentSocket.with(hangsUp: true) { address in
            let error = await #expect(throws: BusError.self) {
                try await BusConnection.open(.address(address), timeout: .seconds(30))
            }
            #expect(error?.kind == .unreachable)
        }
    }

    // MARK: - The end

    @Test func endsWithTheBus() async throws {
        try await PrivateBus.with { bus in
            let server = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let client = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let object = TestObject()
            try server.export(object, at: TestObject.path)
            let signals = try await client.signals(SignalRule(sender: server.uniqueName))
            let call = Task { try await client.callObject(server, "Wait", timeout: .seconds(3_600)) }
            var waiting = object.waiting.makeAsyncIterator()
            _ = await waiting.next()
            async let end = client.end()
            await bus.kill()
            #expect(await end == .lost)
            #expect(await client.end() == .lost)
            #expect(await server.end() == .lost)
            let error = await #expect(throws: BusError.self) { try await call.value }
            #expect(error?.kind == .disconnected)
            for await _ in signals {}
            let late = await #expect(throws: BusError.self) { try await client.callBus("ListNames") }
            #expect(late?.kind == .disconnected)
            // A new bus at the same place is for new connections.
            try await bus.restart()
            let next = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            #expect(try await next.callBus("ListNames").count == 1)
            await next.close()
            try await eventually("the call was cancelled") { object.cancelledWaits == 1 }
        }
    }

    @Test func tellsEverybodyThatItWasClosed() async throws {
        try await PrivateBus.with { bus in
            let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let ends = await withTaskGroup { group in
                for _ in 0..<20 { group.addTask { await connection.end() } }
                for _ in 0..<3 {
                    group.addTask {
                        await connection.close()
                        return .closed
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ends == [BusEnd](repeating: .closed, count: 23))
        }
    }

    @Test func sendsWhatWaitsBeforeItCloses() async throws {
        try await PrivateBus.with { bus in
            let sender = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let taker = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let signals = try await taker.signals(SignalRule(sender: sender.uniqueName), capacity: 2_000)
            for number in 0..<2_000 {
                sender.emit(path: "/a", interface: "org.example.I", member: "M", [.uint32(UInt32(number))])
            }
            await sender.close()
            #expect(sender.droppedSignals == 0)
            var count: UInt32 = 0
            for await signal in signals {
                #expect(signal.arguments == [.uint32(count)])
                count += 1
                if count == 2_000 { break }
            }
            #expect(count == 2_000)
            await taker.close()
        }
    }

    @Test func leavesNoThreadBehind() async throws {
        try await PrivateBus.with { bus in
            let before = try Self.threads()
            var connections: [BusConnection] = []
            for _ in 0..<8 {
                connections.append(try await BusConnection.open(.address(bus.address), timeout: .seconds(10)))
            }
            // Others' threads may be among them; they do not stay either.
            let begun = try Self.threads().subtracting(before)
            #expect(begun.count >= 8)
            for connection in connections.prefix(3) { await connection.close() }
            // Nobody closes the others.
            connections = []
            try await eventually("all threads have ended", within: .seconds(30)) {
                try Self.threads().isDisjoint(with: begun)
            }
        }
    }

    private static func threads() throws -> Set<String> {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        // A thread may end in between.
        return Set(
            tasks.filter {
                (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == "kmi-dbus\n"
            })
    }
}

extension BusConnection {
    /// Calls the bus itself.
    func callBus(_ member: MemberName, _ arguments: [BusValue] = []) async throws(BusError) -> [BusValue] {
        try await self.call(
            "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            member: member,
            arguments,
            timeout: .seconds(30)
        )
    }

    /// Calls a test object of another connection.
    func callObject(
        _ server: BusConnection,
        _ member: MemberName,
        _ arguments: [BusValue] = [],
        timeout: Duration = .seconds(30)
    ) async throws(BusError) -> [BusValue] {
        try await self.call(
            server.uniqueName,
            path: TestObject.path,
            interface: TestObject.interface,
            member: member,
            arguments,
            timeout: timeout
        )
    }

    /// Has a test object of another connection say something.
    func echo(_ text: String, _ server: BusConnection) async throws(BusError) -> String? {
        try await self.callObject(server, "Echo", [.string(text)]).first?.asString
    }
}
