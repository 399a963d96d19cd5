import DBusControl
import Glibc

/// What a run of the program has around it; tests give another one.
struct Surroundings: Sendable {
    /// What input and output are connected to.
    var terminal: Terminal
    /// Where input comes from.
    var input: CInt = STDIN_FILENO
    /// Where output goes.
    var output: any OutputChannel
    /// The time in microseconds since the epoch.
    var now: @Sendable () -> UInt64
    /// Waits; ends early with an error when it is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// The time zone of whoever types.
    var zone: LocalZone = .process
    /// Connects to the daemon.
    var connect: @Sendable (ControlAddress, Duration) async throws(ControlClientError) -> any ControlAccess

    /// Those of the process.
    static func current() -> Surroundings {
        Surroundings(
            terminal: .current(),
            output: StandardOutput(),
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec) / 1000
            },
            connect: { (bus, timeout) async throws(ControlClientError) in
                try await ControlClient.connect(to: bus, timeout: timeout)
            }
        )
    }
}
