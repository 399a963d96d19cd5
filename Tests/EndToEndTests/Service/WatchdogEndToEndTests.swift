import Foundation
import TestSupport
import Testing

@Suite("The service manager's watchdog (T-018)", .serialized, .timeLimit(.minutes(5)))
struct WatchdogEndToEndTests {
    /// Whether a `WATCHDOG=1` comes within a time.
    private static func isFed(_ daemon: DaemonProcess, within limit: Duration) async throws -> Bool {
        let notifications = daemon.notifications
        return try await onOwnThread {
            let deadline = Deadline.after(limit)
            while let lines = try notifications.receive(within: deadline.remaining) {
                if lines == ["WATCHDOG=1"] { return true }
            }
            return false
        }
    }

    @Test("without an interval nothing is fed, nor with one that is for another process")
    func notAsked() async throws {
        try await SimulatorProcess.with { simulator in
            for environment in [[:], ["WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"]] {
                try await DaemonProcess.with(DaemonConfiguration(simulator), environment: environment) { daemon in
                    let isFed = try await Self.isFed(daemon, within: .milliseconds(500))
                    #expect(!isFed)
                }
            }
        }
    }

    @Test(
        "it is fed under load and with a bus, and not any more once one event loop hangs, which the log tells once",
        .enabled(
            if: isDebug && ProcessInfo.processInfo.environment["KMI_TEST_BIN_DIR"] == nil,
            "only a program that is built for debugging hangs on a signal"))
    func hangingLoop() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(
                    DaemonConfiguration(simulator), bus: bus.address, environment: ["WATCHDOG_USEC": "2000000"]
                ) { daemon in
                    let client = try daemon.client()
                    for _ in 0..<3 {
                        #expect(try await client.chat().status == 200)
                        #expect(try await Self.isFed(daemon, within: .seconds(20)))
                    }
                    daemon.process.send(SIGUSR2)
                    let part = try await daemon.process.firstMatch(
                        on: .standardError, within: .seconds(20), "the part that hangs"
                    ) { $0.contains("watchdog_withheld") ? $0 : nil }
                    #expect(part.contains("event loop"))
                    // What was fed before the log told is read first.
                    while try await Self.isFed(daemon, within: .zero) {}
                    #expect(try await !Self.isFed(daemon, within: .seconds(4)))
                    let told = daemon.process.lines(.standardError).filter { $0.contains("watchdog_withheld") }
                    #expect(told.count == 1)
                    // As the service manager would: nothing else ends it any more.
                    daemon.process.send(SIGKILL)
                    #expect(try await daemon.process.waitForExit() == .signalled(SIGKILL))
                }
            }
        }
    }

    private static var isDebug: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }
}
