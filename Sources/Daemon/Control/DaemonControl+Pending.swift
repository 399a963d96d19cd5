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
    func diagnose(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow] { throw Self.pending }
}
