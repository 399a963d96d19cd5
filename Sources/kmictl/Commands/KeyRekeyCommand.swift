import ArgumentParser
import DBusControl

extension KeysCommand {
    /// `kmictl keys rekey LABEL`.
    struct Rekey: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "rekey",
            abstract: "Give a key that was added at run time another secret.",
            discussion: """
                The secret is asked for at the terminal, or read from a file or the standard input. It is in force for the \
                next request; requests that run keep the former one. Rests that the former one earned end.
                """
        )

        @Argument(help: ArgumentHelp("The key.", valueName: "LABEL"), completion: .keys) var label: String
        @Option(
            help: ArgumentHelp("The file with the secret; - is the standard input.", valueName: "FILE"),
            completion: .file())
        var secretFile: String?
        @OptionGroup var options: GlobalOptions

        private var secret = SecretHolder()

        mutating func prepare(_ invocation: Invocation) throws {
            let source = SecretInput.Source(file: self.secretFile, terminal: invocation.terminal)
            self.secret.text = try SecretInput(surroundings: invocation.surroundings)
                .read(source, prompt: SafeText.line("New secret of the key \(self.label): "))
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            guard let secret = self.secret.text else { throw CommandFailure.usage("the secret is missing.") }
            var changes = KeyChanges(labels: [self.label], action: "rekeyed")
            changes.advice = { error, _ in error.code == .notAllowed ? "Then run kmictl reload." : nil }
            return try await changes.perform(in: invocation) { (daemon, label) async throws(ControlClientError) in
                try await daemon.replaceSecret(of: label, by: secret)
            }
        }
    }
}
