import ArgumentParser
import DBusControl

/// The words of `kmictl import`, which are those of `kmictl keys import` too.
struct ImportOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            """
            Key files, configurations of Kimi clients, or directories of them; without any $KMI_AUTHS_DIR (else ./_auths, \
            else ~/.kimi/_auths), ~/.kimi and ~/.kimi-code are looked at.
            """, valueName: "PATH"))
    var paths: [String] = []
    @Flag(help: "Show what would be imported, and change nothing.") var dryRun = false
    @Flag(help: "Also import the providers of a file that its default model does not use.") var allProviders = false
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false

    static let abstract = "Import the keys of KMI Manager and of the Kimi clients."
    static let discussion = """
        Key files are NAME.env, .toml, .json and .bak; only their owner may be able to read them. They stay as they are. What \
        would happen is shown first, and at a terminal asked for.
        """

    func validate() throws {
        guard !self.paths.contains("") else { throw ValidationError("PATH: expected the name of a file or directory.") }
    }
}

/// `kmictl import [PATH…]`.
struct ImportCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: ImportOptions.abstract, discussion: ImportOptions.discussion)

    @OptionGroup var what: ImportOptions
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        try await ImportRun(options: self.what, invocation: invocation).run()
    }
}

extension KeysCommand {
    /// `kmictl keys import [PATH…]`.
    struct Import: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: ImportOptions.abstract, discussion: ImportOptions.discussion)

        @OptionGroup var what: ImportOptions
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try await ImportRun(options: self.what, invocation: invocation).run()
        }
    }
}
