import DBusKit
import TestSupport
import Testing

/// Well-known names on a real bus.
@Suite(.timeLimit(.minutes(5)))
struct BusNameOwnershipTests {
    private static let name: BusName = "org.example.Name"

    @Test func givesANameToOneConnectionAlone() async throws {
        try await PrivateBus.with { bus in
            let first = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            let second = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            #expect(try await first.requestName(Self.name, timeout: .seconds(10)))
            // It has it already.
            #expect(try await first.requestName(Self.name, timeout: .seconds(10)))
            #expect(try await second.requestName(Self.name, timeout: .seconds(10)) == false)
            #expect(try await second.hasOwner(Self.name, timeout: .seconds(10)))
            await first.close()
            // Nobody waits in a queue for it.
            #expect(try await second.hasOwner(Self.name, timeout: .seconds(10)) == false)
            #expect(try await second.requestName(Self.name, timeout: .seconds(10)))
            await second.close()
        }
    }

    @Test func endsWhenANameIsLost() async throws {
        try await PrivateBus.with { bus in
            let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            #expect(try await connection.requestName(Self.name, timeout: .seconds(10)))
            #expect(try await connection.requestName("org.example.Other", timeout: .seconds(10)))
            async let end = connection.end()
            // The bus tells of the loss before it answers; the call may end with the connection.
            do throws(BusError) {
                _ = try await connection.callBus("ReleaseName", [.string(Self.name.text)])
            } catch {
                #expect(error.kind == .disconnected)
            }
            #expect(await end == .nameLost(Self.name))
        }
    }

    @Test func refusesNamesThatCannotBeRequested() async throws {
        try await PrivateBus.with { bus in
            let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            for name: BusName in [":1.99", "org.freedesktop.DBus"] {
                let error = await #expect(throws: BusError.self) {
                    try await connection.requestName(name, timeout: .seconds(10))
                }
                #expect(error?.kind == .remote)
            }
            await connection.close()
        }
    }

    @Test func givesBackANameThatNobodyWaitedFor() async throws {
        try await PrivateBus.with { bus in
            let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
            // No answer can be read before that time is over.
            let error = await #expect(throws: BusError.self) {
                try await connection.requestName(Self.name, timeout: .zero)
            }
            #expect(error?.kind == .timedOut)
            try await eventually("nobody has the name") {
                try await !connection.hasOwner(Self.name, timeout: .seconds(10))
            }
            // Losing it was no loss.
            #expect(try await connection.requestName(Self.name, timeout: .seconds(10)))
            await connection.close()
        }
    }
}
