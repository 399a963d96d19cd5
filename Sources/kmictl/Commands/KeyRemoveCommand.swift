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
                try await invocation.showing("removing \(label)", news: { await Self.news(of: label, daemon) }) {
                    () async throws(ControlClientError) in
                    try await daemon.removeKey(label)
                }
            }
        }

        /// What a removal waits for.
        private static func news(of label: String, _ daemon: any ControlAccess) async -> String? {
            do {
                let running = try await daemon.key(label).inFlight
                let requests = running == 1 ? "1 request" : "\(running) requests"
                return running == 0 ? nil : "waiting for \(requests) of \(label) to end"
            } catch {
                // The removal is over, or tells by itself why it is not.
                return nil
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
