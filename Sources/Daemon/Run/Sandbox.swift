import Logging
import SystemSupport

/// Tells whether the sandbox is in force that the unit promises in `KMI_SANDBOX`.
enum Sandbox {
    /// What to do where it is not.
    static let advice =
        "see docs/operations.md, \"Units and sockets\"; what cannot be had here is taken out of KMI_SANDBOX by a drop-in of the unit"

    /// The promise against what the kernel shows; `nil` where nothing is promised, as it is without a unit.
    static func state(environment: [String: String]) -> SandboxState? {
        guard let promise = environment["KMI_SANDBOX"] else { return nil }
        return SandboxState(promise: promise, evidence: .ofThisProcess())
    }

    /// Tells the log what is missing, in one line; nothing if nothing is.
    static func report(_ state: SandboxState?, to logger: Logger) {
        guard let state, !state.isComplete else { return }
        logger.notice("the sandbox that the unit promises is not in force", metadata: self.metadata(of: state))
    }

    /// What that line says beside its text.
    static func metadata(of state: SandboxState) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["event": "sandbox_incomplete", "advice": "\(Self.advice)"]
        if !state.missing.isEmpty {
            metadata["missing"] = "\(state.missing.map(\.rawValue).joined(separator: " "))"
        }
        // A few are enough to see what is meant.
        if !state.unknown.isEmpty { metadata["unknown"] = "\(state.unknown.prefix(8).joined(separator: " "))" }
        return metadata
    }
}
