import ArgumentParser
import DBusControl

extension KeysCommand {
    /// `kmictl keys remove LABEL…`.
    struct Remove: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove keys that were added at run time, and their secrets.",
            discussion: """
                A key serves nothing new from now on, and goes when the requests that it serves have ended, or when \
                server.timeouts.drain is over. The daemon goes on with that if kmictl stops waiting.
                """,
            aliases: ["rm"]
        )

        @Argument(help: ArgumentHelp("The keys.", valueName: "LABEL"), completion: .keys) var labels: [String]
        @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
        @OptionGroup var options: GlobalOptions

        mutating func prepare(_ invocation: Invocation) throws {
            guard !self.yes else { return }
            let subject = self.labels.count == 1 ? "key" : "keys"
            let list = self.labels.joined(separator: ", ")
            try Confirmation(invocation: invocation).confirm("Remove the \(subject) \(list), secrets included?")
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            var changes = KeyChanges(labels: self.labels, action: "removed")
            changes.timeout = GlobalOptions.drainTimeout
            changes.advice = Self.advice
            return try await changes.perform(in: invocation) { (daemon, label) async throws(ControlClientError) in
                try await RemovalProgress(invocation: invocation, daemon: daemon, label: label).follow()
            }
        }

        /// What to do about a key that is not removed.
        private static func advice(_ error: ControlClientError, _ label: String) -> String? {
            switch error.code {
            case .notAllowed: "kmictl keys disable \(label) takes it out of use."
            case .timedOut: "The daemon removes it when its requests have ended: kmictl keys show \(label)."
            default: nil
            }
        }
    }
}

/// Tells a person at a terminal what a removal waits for, once it takes longer than a moment.
struct RemovalProgress {
    let invocation: Invocation
    let daemon: any ControlAccess
    let label: String
    /// How long nothing is told, and how often it is looked for news.
    var interval = Duration.seconds(1)

    /// Removes the key.
    func follow() async throws(ControlClientError) {
        guard self.invocation.terminal.hasErrors, !self.invocation.isQuiet else {
            return try await self.daemon.removeKey(self.label)
        }
        let telling = Task { await self.tell() }
        defer { telling.cancel() }
        try await self.daemon.removeKey(self.label)
    }

    /// Tells how many requests run, whenever that has changed.
    private func tell() async {
        var told: UInt32?
        do {
            while true {
                try await Task.sleep(for: self.interval)
                let running = try await self.daemon.key(self.label).inFlight
                guard running > 0, running != told, !Task.isCancelled else { continue }
                told = running
                let requests = running == 1 ? "1 request" : "\(running) requests"
                self.invocation.note("key \(self.label): waiting for \(requests) to end.")
            }
        } catch {
            // The removal is over, or tells by itself why it is not.
        }
    }
}
