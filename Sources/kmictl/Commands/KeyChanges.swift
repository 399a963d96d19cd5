import DBusControl

/// The same change to each of some keys, in their order; it stops at the first that fails.
struct KeyChanges {
    let labels: [String]
    /// What was done, in one word.
    let action: String
    /// How long each may take.
    var timeout = GlobalOptions.defaultTimeout
    /// What to do about a failure, in a sentence that is put behind the daemon's; `nil` where nobody knows.
    var advice: @Sendable (ControlClientError, _ label: String) -> String? = { _, _ in nil }

    func perform(
        in invocation: Invocation,
        _ change: (any ControlAccess, String) async throws(ControlClientError) -> Void
    ) async throws -> ExitStatus {
        try await invocation.withDaemon(waiting: self.timeout) { daemon in
            for label in self.labels {
                do {
                    try await daemon.naming(key: label) { () async throws(ControlClientError) in
                        try await change(daemon, label)
                    }
                } catch let error as ControlClientError {
                    throw CommandFailure(error, advice: self.advice(error, label))
                }
                invocation.note("key \(label): \(self.action).")
            }
        }
        try invocation.show(DoneReport(action: self.action, kind: "label", names: self.labels))
        return .success
    }
}
