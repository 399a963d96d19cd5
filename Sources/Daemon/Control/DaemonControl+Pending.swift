import DBusControl

// What the next commits fill in, each in a file of its own.
extension DaemonControl {
    private static let pending = ControlFault(.notAllowed, "not yet")

    func diagnose(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow] { throw Self.pending }
}
