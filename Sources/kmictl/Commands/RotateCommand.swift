import ArgumentParser
import DBusControl

/// `kmictl rotate [LABEL]`.
struct RotateCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Let the next request use another key, and print which one."
    )

    @Argument(help: ArgumentHelp("The key; without it the next one in turn.", valueName: "LABEL"), completion: .keys)
    var label: String?
    @Option(
        help: ArgumentHelp("The provider whose keys take turns; without it the default one.", valueName: "NAME"),
        completion: .providers)
    var provider: String?
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let rotation = try await invocation.withDaemon { daemon in
            guard let label = self.label else { return try await daemon.rotate(to: nil, of: self.provider) }
            return try await daemon.naming(key: label) { () async throws(ControlClientError) in
                try await daemon.rotate(to: label, of: self.provider)
            }
        }
        try invocation.show(
            ValueReport(
                value: rotation.key,
                json: .object(["key": .string(rotation.key), "reason": .string(rotation.reason)])))
        if rotation.reason == "only" { invocation.hint("There is no other key that can be used.") }
        return .success
    }
}
