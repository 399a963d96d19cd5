import DBusControl

// What the next commits fill in, each in a file of its own.
extension DaemonControl {
    private static let pending = ControlFault(.notAllowed, "not yet")

    func replaceSecret(of label: String, by secret: SecretText) async throws(ControlFault) { throw Self.pending }
    func setLimits(of label: String, to limits: KeyLimits) async throws(ControlFault) { throw Self.pending }
    func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions
    ) async throws(ControlFault) { throw Self.pending }
    func removeProvider(_ name: String) async throws(ControlFault) { throw Self.pending }
    func checkConfiguration() async throws(ControlFault) -> [ReloadEntry] { throw Self.pending }
    func configuration() async throws(ControlFault) -> [ConfigurationRow] { throw Self.pending }
    func audit(_ filter: AuditFilter) async throws(ControlFault) -> AuditPage { throw Self.pending }
    func backup() async throws(ControlFault) -> String { throw Self.pending }
    func drain() async throws(ControlFault) { throw Self.pending }
    func diagnose(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow] { throw Self.pending }
    func logLevel() -> String { "notice" }
    func logTarget() -> String { "console" }
    func setLogLevel(_ level: String) async throws(ControlFault) { throw Self.pending }
}
