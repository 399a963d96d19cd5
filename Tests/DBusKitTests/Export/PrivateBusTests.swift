import Foundation
import TestSupport
import Testing

/// What other tests rely on.
@Suite(.timeLimit(.minutes(5)))
struct PrivateBusTests {
    @Test
    func acceptsConnectionsAgainAtTheSameAddressAfterItWasKilled() async throws {
        let send = try #require(Tools.path(of: "dbus-send"), "dbus-send is missing; `make setup` installs it")
        let arguments: @Sendable (String) -> [String] = { address in
            [
                "--bus=\(address)", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                "org.freedesktop.DBus.ListNames",
            ]
        }
        let address = try await PrivateBus.with { bus in
            let before = try await FinishedProcess.run(send, arguments: arguments(bus.address))
            #expect(before.isSuccess, "\(before.standardError)")
            await bus.kill()
            let during = try await FinishedProcess.run(send, arguments: arguments(bus.address))
            #expect(!during.isSuccess)
            try await bus.restart()
            let after = try await FinishedProcess.run(send, arguments: arguments(bus.address))
            #expect(after.isSuccess, "\(after.standardError)")
            #expect(after.standardOutput.contains("org.freedesktop.DBus"))
            return bus.address
        }
        #expect(!FileManager.default.fileExists(atPath: String(address.dropFirst("unix:path=".count))))
    }
}
