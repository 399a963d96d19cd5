import DBusControl
import SystemSupport

/// Whether the sandbox is in force that the unit promises.
enum SandboxDiagnosis {
    static let check = "sandbox"

    /// What is to be said of it; nothing where no unit promises one.
    static func rows(_ state: SandboxState?) -> [DiagnosisRow] {
        guard let state else { return [] }
        var rows = state.missing.map {
            DiagnosisRow(
                Self.check, $0.rawValue, .warn, "the unit promises it, and it is not in force", advice: Sandbox.advice)
        }
        rows += state.unknown.map {
            DiagnosisRow(
                Self.check, $0, .warn, "KMI_SANDBOX names it, and nobody can look whether it is in force",
                advice: "use the names of docs/kmid.md")
        }
        guard rows.isEmpty, !state.promised.isEmpty else { return rows }
        return [
            DiagnosisRow(
                Self.check, .ok, "in force as promised: \(state.promised.map(\.rawValue).joined(separator: ", "))")
        ]
    }
}
