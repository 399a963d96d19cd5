import DBusControl

extension FakeDaemon {
    /// What operations are answered with, and what they were asked.
    struct Operations: Sendable {
        var audit = AuditPage(rows: [], cursor: "")
        var auditFilter: AuditFilter?
        var configuration: [ConfigurationRow] = []
        var checked: [ReloadEntry] = []
        var level = "info"
    }

    func audit(_ filter: AuditFilter) async throws(ControlClientError) -> AuditPage {
        try self.ask("audit") { state in
            state.operations.auditFilter = filter
            return state.operations.audit
        }
    }

    func backup() async throws(ControlClientError) -> String {
        try self.ask("backup") { _ in "/state/backups/state-20260102T030405Z-schema4-daily.sqlite" }
    }

    func drain() async throws(ControlClientError) {
        // It is gone at once.
        try self.ask("drain") { $0.failure = ControlClientError(.unreachable, "nobody is there") }
    }

    func checkConfiguration() async throws(ControlClientError) -> [ReloadEntry] {
        try self.ask("check") { $0.operations.checked }
    }

    func configuration() async throws(ControlClientError) -> [ConfigurationRow] {
        try self.ask("configuration") { $0.operations.configuration }
    }

    func logLevel() async throws(ControlClientError) -> String { try self.ask("level") { $0.operations.level } }

    func setLogLevel(_ level: String) async throws(ControlClientError) {
        try self.ask("level \(level)") { $0.operations.level = level }
    }
}
