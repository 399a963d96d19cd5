import DBusControl

/// The same change to each of some keys, in their order; it stops at the first that fails.
struct KeyChanges {
    let labels: [String]
    /// What was done, in one word.
    let action: String

    func perform(
        in invocation: Invocation,
        _ change: (any ControlAccess, String) async throws(ControlClientError) -> Void
    ) async throws -> ExitStatus {
        try await invocation.withDaemon { daemon in
            for label in self.labels {
                try await daemon.naming(key: label) { () async throws(ControlClientError) in
                    try await change(daemon, label)
                }
                invocation.note("key \(label): \(self.action).")
            }
        }
        try invocation.show(DoneReport(action: self.action, kind: "label", names: self.labels))
        return .success
    }
}
