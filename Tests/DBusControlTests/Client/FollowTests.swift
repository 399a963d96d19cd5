import DBusKit
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import DBusControl

@Suite(.timeLimit(.minutes(5)))
struct FollowTests {
    /// What a following was told, in order.
    private final class Log: Sendable {
        private let kept = Mutex<[ControlClient.Presence]>([])
        var entries: [ControlClient.Presence] { self.kept.withLock { $0 } }
        func note(_ presence: ControlClient.Presence) { self.kept.withLock { $0.append(presence) } }
    }

    private static func row(_ id: String, dropped: UInt64 = 0) -> RequestRow {
        var row = Samples.row
        row.id = id
        row.dropped = dropped
        return row
    }

    /// The next row; `nil` after the end.
    private static func next(of rows: AsyncThrowingStream<RequestRow, any Error>) async throws -> RequestRow? {
        for try await row in rows { return row }
        return nil
    }

    /// A daemon on the bus, as long as `body` runs.
    private static func withDaemon(
        on address: BusAddress, _ body: (ControlService) async throws -> Void
    ) async throws {
        try await ControlStage.withConnection(to: address) { (server) async throws in
            let service = ControlService(plane: FakeControlPlane(), ownUserID: getuid(), connection: server)
            try service.export()
            guard try await service.requestName(timeout: ControlStage.patience) else {
                throw TestFailure("the name is taken")
            }
            let running = Task { await service.run() }
            defer { running.cancel() }
            try await body(service)
        }
    }

    @Test func tellsRequestsAsTheyEnd() async throws {
        try await ControlStage.with { (stage) async throws in
            try await ControlClientTests.with(stage) { (client) async throws in
                let rows = try await client.followRequests()
                stage.service.requestFinished(Self.row("one"))
                stage.service.requestFinished(Self.row("two"))
                #expect(try await Self.next(of: rows) == Self.row("one"))
                #expect(try await Self.next(of: rows) == Self.row("two"))
            }
        }
    }

    @Test("goes on when the daemon starts anew")
    func survivesARestart() async throws {
        try await PrivateBus.with { (bus) async throws in
            let address = BusAddress.address(bus.address)
            let client = try await ControlClient.connect(address, timeout: ControlStage.patience)
            let log = Log()
            let rows = try await Self.followingOfADaemonThatIsGone(on: address, client, log)
            #expect(try await Self.next(of: rows)?.id == "before")
            try await Self.withDaemon(on: address) { (service) async throws in
                try await eventually("the client has subscribed again") { service.hasSubscribers }
                try await eventually("the client says so") { log.entries == [.left, .returned] }
                service.requestFinished(Self.row("after"))
                #expect(try await Self.next(of: rows)?.id == "after")
            }
            await client.close()
        }
    }

    /// A following to which a daemon has told one row before it went.
    private static func followingOfADaemonThatIsGone(
        on address: BusAddress, _ client: ControlClient, _ log: Log
    ) async throws -> AsyncThrowingStream<RequestRow, any Error> {
        let found = Mutex<AsyncThrowingStream<RequestRow, any Error>?>(nil)
        try await Self.withDaemon(on: address) { (service) async throws in
            let rows = try await client.followRequests { log.note($0) }
            found.withLock { $0 = rows }
            service.requestFinished(Self.row("before"))
            // What is sent last comes last, so that the row is there when this answer is.
            _ = try await client.manager()
        }
        guard let rows = found.withLock({ $0 }) else { throw TestFailure("nothing is followed") }
        return rows
    }

    @Test func tellsHowManyRowsNobodyTookInTime() async throws {
        try await ControlStage.with { (stage) async throws in
            try await ControlClientTests.with(stage) { (client) async throws in
                let rows = try await client.followRequests(capacity: 4)
                for number in 0..<20 { stage.service.requestFinished(Self.row("\(number)")) }
                // What is sent last comes last: the rows are there, or left out.
                _ = try await client.manager()

                var accounted: UInt64 = 0
                var dropped: UInt64 = 0
                for number in 20..<40 where dropped == 0 {
                    stage.service.requestFinished(Self.row("\(number)"))
                    let row = try #require(try await Self.next(of: rows))
                    dropped += row.dropped
                    accounted += 1 + row.dropped
                    // Told or counted, each row that was sent before this one.
                    #expect(row.id == "\(accounted - 1)")
                }
                #expect(dropped > 0)
            }
        }
    }

    @Test("believes the owner of the name only")
    func ignoresForgedRows() async throws {
        try await ControlStage.with { (stage) async throws in
            try await ControlClientTests.with(stage) { (client) async throws in
                let rows = try await client.followRequests()
                // Broadcast, so that it comes to everybody who has asked for such signals.
                stage.caller.emit(
                    path: ControlPath.manager, interface: ManagerInterface.name,
                    member: ManagerInterface.Signal.requestFinished.member, [Self.row("forged").busValue])
                // Another call on the same connection: the bus keeps the order of what one connection sends.
                _ = try await stage.call(.metrics)
                stage.service.requestFinished(Self.row("true"))
                #expect(try await Self.next(of: rows)?.id == "true")
            }
        }
    }

    @Test func endsWhenTheBusGoesAway() async throws {
        try await PrivateBus.with { (bus) async throws in
            let address = BusAddress.address(bus.address)
            let client = try await ControlClient.connect(address, timeout: ControlStage.patience)
            do {
                try await Self.withDaemon(on: address) { _ in
                    let rows = try await client.followRequests()
                    await bus.kill()
                    _ = try await Self.next(of: rows)
                }
                Issue.record("the rows ended without an error")
            } catch let error as ControlClientError {
                #expect(error.code == .unreachable)
            }
            await client.close()
        }
    }

    @Test func stopsWhenNobodyReadsAnyMore() async throws {
        try await ControlStage.with { (stage) async throws in
            try await ControlClientTests.with(stage) { (client) async throws in
                let reading = Task {
                    for try await _ in try await client.followRequests() {}
                }
                try await eventually("somebody has subscribed") { stage.service.hasSubscribers }
                reading.cancel()
                _ = await reading.result
                #expect(try await client.manager() == Samples.manager)
            }
            try await eventually("nobody is subscribed") { !stage.service.hasSubscribers }
        }
    }
}
