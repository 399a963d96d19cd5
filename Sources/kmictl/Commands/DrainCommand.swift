import ArgumentParser
import DBusControl

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
            try await DrainWait(daemon: daemon, startedAt: begin, progress: Progress(invocation: invocation)).run()
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
    let progress: Progress

    /// Returns when it is gone; how long it may take is limited by the daemon, which cuts what does not end.
    func run() async throws {
        let begin = ContinuousClock.now
        var isTold = false
        defer { if isTold { self.progress.clear() } }
        while true {
            let status: ManagerStatus
            do throws(ControlClientError) {
                status = try await self.daemon.manager()
            } catch {
                // Nobody has the name any more, or the bus itself is gone.
                guard error.code == .unreachable else { throw error }
                return
            }
            guard status.startedAt == self.startedAt else { return }
            let elapsed = begin.duration(to: .now)
            if self.progress.isShown, elapsed >= Progress.pace {
                let running = status.requestsInFlight
                self.progress.show(
                    "waiting for \(running) \(running == 1 ? "request" : "requests") … \(elapsed.components.seconds) s")
                isTold = true
            }
            try await Task.sleep(for: Self.pace)
        }
    }
}
