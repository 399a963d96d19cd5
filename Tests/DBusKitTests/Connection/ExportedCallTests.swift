import Glibc
import TestSupport
import Testing

@testable import DBusKit

/// Calls from one connection to an object of another, through a real bus.
@Suite(.timeLimit(.minutes(5)))
struct ExportedCallTests {
    @Test func answersCalls() async throws {
        try await Self.withObject { _, server, client, _ in
            let answer = try await client.echo("Grüße", server)
            #expect(answer == "Grüße")
            let error = await #expect(throws: BusError.self) {
                try await client.callObject(server, "Fail", [.string("it went wrong")])
            }
            #expect(error == BusError("org.example.Error.Failed", "it went wrong"))
            let unknown = await #expect(throws: BusError.self) { try await client.callObject(server, "Nothing") }
            #expect(unknown?.name == .unknownMethod)
            let strange = await #expect(throws: BusError.self) {
                try await client.callObject(server, "Echo", [.byte(1)])
            }
            #expect(strange?.name == .invalidArgs)
            // An answer that cannot be sent is an error, not silence.
            let flaw = await #expect(throws: BusError.self) { try await client.callObject(server, "Flaw") }
            #expect(flaw?.kind == .remote)
            server.unexport(TestObject.path)
            let gone = await #expect(throws: BusError.self) { try await client.callObject(server, "Echo") }
            #expect(gone?.name == .unknownObject)
        }
    }

    @Test func callsItself() async throws {
        try await Self.withObject { _, server, _, _ in
            let answer = try await server.echo("a", server)
            #expect(answer == "a")
        }
    }

    @Test func givesUpOnAPeerThatDoesNotAnswer() async throws {
        try await Self.withObject { _, server, client, _ in
            let error = await #expect(throws: BusError.self) {
                try await client.callObject(server, "Wait", timeout: .milliseconds(50))
            }
            #expect(error?.kind == .timedOut)
            // The connection goes on.
            let answer = try await client.echo("a", server)
            #expect(answer == "a")
        }
    }

    @Test func endsTheWaitOfACancelledTask() async throws {
        try await Self.withObject { _, server, client, object in
            let call = Task { try await client.callObject(server, "Wait", timeout: .seconds(3_600)) }
            var waiting = object.waiting.makeAsyncIterator()
            _ = await waiting.next()
            call.cancel()
            let error = await #expect(throws: BusError.self) { try await call.value }
            #expect(error?.kind == .timedOut)
            let answer = try await client.echo("a", server)
            #expect(answer == "a")
        }
    }

    @Test func failsCallsThatRunWhenItIsClosed() async throws {
        try await Self.withObject { _, server, client, object in
            let call = Task { try await client.callObject(server, "Wait", timeout: .seconds(3_600)) }
            var waiting = object.waiting.makeAsyncIterator()
            _ = await waiting.next()
            await client.close()
            let error = await #expect(throws: BusError.self) { try await call.value }
            #expect(error?.kind == .disconnected)
        }
    }

    @Test func hearsFromTheBusWhenThePeerHasGone() async throws {
        try await Self.withObject { _, server, client, object in
            let call = Task { try await client.callObject(server, "Wait", timeout: .seconds(3_600)) }
            var waiting = object.waiting.makeAsyncIterator()
            _ = await waiting.next()
            await server.close()
            let error = await #expect(throws: BusError.self) { try await call.value }
            #expect(error?.name == .noReply)
            try await eventually("the object's call was cancelled") { object.cancelledWaits == 1 }
        }
    }

    @Test func countsNoCallThatIsOver() async throws {
        try await Self.withObject { _, server, client, object in
            _ = try await client.echo("a", server)
            for flaw: [BusValue] in [[], [.byte(1)]] {
                await #expect(throws: BusError.self) { try await client.callObject(server, "Echo", flaw) }
            }
            await #expect(throws: BusError.self) { try await client.callObject(server, "Wait", timeout: .zero) }
            let call = Task { try await client.callObject(server, "Wait", timeout: .seconds(3_600)) }
            var waiting = object.waiting.makeAsyncIterator()
            _ = await waiting.next()
            call.cancel()
            await #expect(throws: BusError.self) { try await call.value }
            await #expect(throws: BusError.self) { try await client.requestName("org.example.A", timeout: .zero) }
            _ = try await client.requestName("org.example.A", timeout: .seconds(10))
            for sender: BusName in ["org.example.A", "org.example.B"] {
                let signals = try await client.signals(SignalRule(sender: sender))
                signals.cancel()
            }
            await #expect(throws: BusError.self) {
                // Longer than the bus lets a rule be.
                try await client.signals(SignalRule(argument0: String(repeating: "x", count: 2_000)))
            }
            try await eventually("no call counts as under way") { client.mailbox.callsUnderWay == 0 }
            #expect(client.mailbox.callsUnderWay == 0)
        }
    }

    @Test func carriesDescriptorsBothWaysAndKeepsNone() async throws {
        try await Self.withObject { _, server, client, _ in
            let (reading, writing) = try TestObject.pipe()
            for number in 0..<20 {
                _ = try await client.callObject(server, "Write", [.descriptor(writing), .string("\(number)")])
                #expect(TestObject.readAll(reading) == "\(number)")
            }
            #expect(writing.take().map { close($0) } == 0)
            // The end is there once all copies of the other side are closed.
            try await eventually("every copy was closed") { TestObject.readAll(reading) == "" }

            let made = try await client.callObject(server, "Make")
            #expect(try TestObject.readAll(#require(made.first?.asDescriptor)) == "made")
        }
    }

    @Test func answersManyCallsAtOnce() async throws {
        try await Self.withObject { _, server, client, _ in
            try await withThrowingTaskGroup { group in
                for task in 0..<4 {
                    group.addTask {
                        for number in 0..<500 {
                            let text = "\(task).\(number)"
                            let answer = try await client.echo(text, server)
                            #expect(answer == text)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("busctl can call and look at an object", .enabled(if: Tools.path(of: "busctl") != nil))
    func servesBusctl() async throws {
        try await Self.withObject { bus, server, _, _ in
            let busctl = try #require(Tools.path(of: "busctl"))
            let object = ["--address=\(bus.address)"]
            let target = [server.uniqueName.text, TestObject.path.text]
            let call = try await FinishedProcess.run(
                busctl,
                arguments: object + ["call"] + target + [TestObject.interface.text, "Echo", "s", "hello"]
            )
            #expect(call.standardOutput == "s \"hello\"", "\(call.standardError)")
            let introspection = try await FinishedProcess.run(busctl, arguments: object + ["introspect"] + target)
            for name in ["org.example.Test", ".Echo", ".Colour", "\"green\"", ".Happened"] {
                #expect(introspection.standardOutput.contains(name), "\(introspection.standardError)")
            }
            let wrong = try await FinishedProcess.run(
                busctl,
                arguments: object + ["call"] + target + [TestObject.interface.text, "Echo", "u", "1"]
            )
            #expect(!wrong.isSuccess)
        }
    }

    /// Exports an object on one connection of a bus, and opens another.
    private static func withObject(
        _ body: (PrivateBus, _ server: BusConnection, _ client: BusConnection, TestObject) async throws -> Void
    ) async throws {
        try await PrivateBus.with { bus in
            let server = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let client = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let object = TestObject()
            try server.export(object, at: TestObject.path)
            try await body(bus, server, client, object)
            await client.close()
            await server.close()
        }
    }
}
