import ArgumentParser
import DBusControl

extension KeysCommand {
    /// `kmictl keys add LABEL --provider NAME`.
    struct Add: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a key.",
            discussion: """
                The secret is asked for at the terminal, or read from a file or the standard input; it is never an \
                argument, because every process of the machine can read those.
                """
        )

        @Argument(help: ArgumentHelp("What the key is to be called.", valueName: "LABEL")) var label: String
        @Option(help: ArgumentHelp("The provider that it is for.", valueName: "NAME"), completion: .providers)
        var provider: String
        @Option(
            help: ArgumentHelp("The file with the secret; - is the standard input.", valueName: "FILE"),
            completion: .file())
        var secretFile: String?
        @Option(parsing: .unconditional, help: ArgumentHelp("Higher ones are chosen first.", valueName: "N"))
        var priority: Int32 = 0
        @Option(help: ArgumentHelp("The share in the mode weighted.", valueName: "N")) var weight: UInt32 = 1
        @Option(
            name: .customLong("model"),
            help: ArgumentHelp("A model that it serves; may be repeated.", valueName: "NAME"), completion: .models)
        var models: [String] = []
        @OptionGroup var limits: LimitOptions
        @Option(help: ArgumentHelp("The e-mail address of the account.", valueName: "EMAIL")) var account = ""
        @Option(help: ArgumentHelp("Where the secret is to lie.", valueName: "PLACE"))
        var store = StoreChoice.automatic
        @Flag(help: "Do not let it take part yet.") var disabled = false
        @OptionGroup var options: GlobalOptions

        private var secret = SecretHolder()

        func validate() throws {
            guard self.weight >= 1 else { throw ValidationError("--weight: expected at least 1.") }
        }

        mutating func prepare(_ invocation: Invocation) throws {
            let source = SecretInput.Source(file: self.secretFile, terminal: invocation.terminal)
            self.secret.text = try SecretInput(surroundings: invocation.surroundings)
                .read(source, prompt: SafeText.line("Secret of the key \(self.label): "))
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            guard let secret = self.secret.text else { throw CommandFailure.usage("the secret is missing.") }
            var options = KeyOptions()
            options.priority = self.priority
            options.weight = self.weight
            options.enabled = !self.disabled
            options.models = self.models
            options.limits = self.limits.applied(to: KeyLimits())
            options.account = self.account
            options.store = self.store.place
            _ = try await invocation.withDaemon { daemon in
                do throws(ControlClientError) {
                    return try await daemon.addKey(
                        self.label, provider: self.provider, secret: secret, options: options)
                } catch {
                    throw CommandFailure(error, advice: self.advice(error))
                }
            }
            invocation.note("key \(self.label): added.")
            try invocation.show(DoneReport(action: "added", kind: "label", names: [self.label]))
            return .success
        }

        /// What to do about a key that is not added.
        private func advice(_ error: ControlClientError) -> String? {
            switch error.code {
            case .notFound: "kmictl providers add \(self.provider) --kind KIND --base URL adds one."
            case .alreadyExists where error.message.contains("key \"\(self.label)\" already"):
                "kmictl keys rekey \(self.label) gives it another secret."
            default: nil
            }
        }
    }
}

/// A place for secrets on the command line.
enum StoreChoice: String, ExpressibleByArgument, CaseIterable {
    case automatic = "auto"
    case secretService = "secret-service"
    case files = "files"

    /// The place as the daemon is told.
    var place: KeyOptions.Store {
        switch self {
        case .automatic: .auto
        case .secretService: .secretService
        case .files: .files
        }
    }
}

/// A secret within a command: no word of the command line ever fills it, and no parser looks into it.
struct SecretHolder: Decodable, Sendable {
    var text: SecretText?

    init() {}

    // The parser decodes its commands from what it has read; of this it has read nothing.
    init(from decoder: any Decoder) {}
}
