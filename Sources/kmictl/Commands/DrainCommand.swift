import ArgumentParser
import DBusControl
import Synchronization

/// `kmictl drain`.
struct DrainCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "End the daemon when the requests under way have ended; new ones are refused at once.",
        discussion: """
            It is what SIGTERM does: requests that are still running after server.timeouts.drain are cut. The command waits until \
            the daemon is gone.
            """
    )

    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
    @Flag(help: "Return at once.") var noWait = false
    @OptionGroup var options: GlobalOptions

    mutating func prepare(_ invocation: Invocation) throws {
        guard !self.yes else { return }
        try Confirmation(invocation: invocation).confirm("End the daemon when its requests have ended?")
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        try await invocation.withDaemon { daemon in
            let begin = try await daemon.manager().startedAt
            try await daemon.drain()
            guard !self.noWait else { return }
            try await DrainWait(daemon: daemon, startedAt: begin).run(in: invocation)
        }
        invocation.note(self.noWait ? "the daemon takes no new requests and ends." : "the daemon has ended.")
        try invocation.show(
            ActionReport(
                json: .object(["action": .string("drained"), "ended": .boolean(!self.noWait)])))
        return .success
    }
}

/// Waits until a daemon that drains is gone.
struct DrainWait {
    /// How often it is looked.
    static let pace = Duration.milliseconds(200)

    let daemon: any ControlAccess
    /// When the daemon that is to end was started: another one may follow it.
    let startedAt: UInt64

    /// Returns when it is gone; how long it may take is limited by the daemon, which cuts what does not end.
    func run(in invocation: Invocation) async throws {
        let running = Mutex<UInt32>(0)
        let news = { @Sendable () async -> String? in
            let count = running.withLock { $0 }
            return count == 0 ? nil : "waiting for \(count) \(count == 1 ? "request" : "requests")"
        }
        try await invocation.showing("waiting for the daemon", news: news) {
            while let count = try await self.inFlight() {
                running.withLock { $0 = count }
                try await invocation.surroundings.sleep(Self.pace)
            }
        }
    }

    /// How many requests it still serves; `nil` if it is gone.
    private func inFlight() async throws -> UInt32? {
        let status: ManagerStatus
        do throws(ControlClientError) {
            status = try await self.daemon.manager()
        } catch {
            // Nobody has the name any more, or the bus itself is gone.
            guard error.code == .unreachable else { throw error }
            return nil
        }
        return status.startedAt == self.startedAt ? status.requestsInFlight : nil
    }
}
