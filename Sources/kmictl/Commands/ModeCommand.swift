import ArgumentParser
import DBusControl

/// `kmictl mode [MODE]`.
struct ModeCommand: ControlCommand {
    static let modes = ["sticky", "round-robin", "most-remaining", "least-in-flight", "weighted"]

    static let configuration = CommandConfiguration(
        commandName: "mode",
        abstract: "Show or choose how keys take turns."
    )

    @Argument(
        help: ArgumentHelp("\(Self.modes.joined(separator: ", ")); without it the mode is shown.", valueName: "MODE"),
        completion: .list(Self.modes)
    )
    var mode: String?
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard let mode = self.mode, !Self.modes.contains(mode) else { return }
        let suggestion = Suggestion.phrase(for: mode, among: Self.modes)
        throw ValidationError(
            "there is no mode \(mode)."
                + (suggestion.isEmpty ? " Expected \(Self.modes.joined(separator: ", "))." : suggestion))
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let status = try await invocation.withDaemon { daemon in
            if let mode = self.mode { try await daemon.setRotationMode(mode) }
            return try await daemon.manager()
        }
        try invocation.show(
            ValueReport(
                value: status.rotationMode,
                json: .object([
                    "rotation_mode": .string(status.rotationMode),
                    "active_key": status.activeKey.isEmpty ? .null : .string(status.activeKey),
                ])))
        if self.mode != nil, !status.activeKey.isEmpty {
            invocation.note("the next request uses the key \(status.activeKey).")
        }
        return .success
    }
}
