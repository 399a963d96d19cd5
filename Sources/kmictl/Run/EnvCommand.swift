import ArgumentParser
import DBusControl

/// `kmictl env`.
struct EnvCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Give a client a new token, and print the variables that point programs at the daemon.",
        discussion: """
            For sh: eval "$(kmictl env)", for fish: kmictl env --shell fish | source. The former token of the client ends, \
            so that shells which want to keep theirs take another --client. kmictl run needs no token that stays. The bus \
            starts the daemon if it can.
            """
    )

    @Option(help: ArgumentHelp("For which shell: sh (and bash, zsh, dash, ksh) or fish.", valueName: "SHELL"))
    var shell = ShellDialect.posix
    @Option(help: ArgumentHelp("The client.", valueName: "NAME")) var client = "env"
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        try await invocation.withDaemon(mayStart: true) { daemon in
            // Before the former token ends: where nothing can be printed, it stays.
            let target = try await ProxyTarget(of: daemon)
            let options = try await self.options(of: daemon, now: invocation.now)
            let token = try await daemon.createClient(self.client, options: options)
            do throws(CommandFailure) {
                try self.show(
                    target.environment(token: try ProxyText.token(token), invocation.surroundings), invocation)
            } catch {
                // A token that nobody has seen is of no use.
                try await daemon.endClient(self.client)
                throw error
            }
            return .success
        }
    }

    /// Ends the client if there is one, and returns what it was good for: a new token is no way to more.
    private func options(of daemon: any ControlAccess, now: UInt64) async throws -> ClientOptions {
        var options = ClientOptions()
        guard let former = try await daemon.clients().first(where: { $0.name == self.client }) else { return options }
        let name = SafeText.line(self.client)
        guard former.origin != "file" else {
            throw CommandFailure(
                .failed, code: "not_allowed",
                "the token of the client \(name) stands in the configuration file and stays as it is: choose another name "
                    + "with --client.")
        }
        guard former.expiresAt == 0 || former.expiresAt > now else {
            throw CommandFailure(
                .failed, code: "not_allowed",
                "the client \(name) has ended: remove it with kmictl clients revoke \(name), or choose another name with "
                    + "--client.")
        }
        options.scopes = former.scopes
        options.models = former.models
        options.routes = former.routes
        options.projects = former.projects
        options.limits = former.limits
        options.project = former.project
        options.expiresAt = former.expiresAt
        try await daemon.endClient(self.client)
        return options
    }

    private func show(_ environment: ProxyEnvironment, _ invocation: Invocation) throws(CommandFailure) {
        guard invocation.json == nil else {
            let variables = environment.variables.map { ($0.name, JSONValue.string($0.value)) }
            return try invocation.show(
                ActionReport(
                    json: .object([
                        "client": .string(self.client), "unset": .strings(environment.unset),
                        "variables": .object(Dictionary(variables, uniquingKeysWith: { $1 })),
                    ])))
        }
        try invocation.print(self.shell.statements(environment))
        let example = self.shell == .posix ? "eval \"$(kmictl env)\"" : "kmictl env --shell fish | source"
        invocation.hint("These lines are for the shell, and hold a token that is not shown again: \(example)")
    }
}

/// What programs have to be told of a daemon.
struct ProxyTarget {
    let proxy: ProxyAddress
    let kimi: KimiRoute

    /// Asks the daemon.
    init(of daemon: any ControlAccess) async throws {
        let status = try await daemon.manager()
        self.proxy = try ProxyAddress(listeners: status.listeners)
        self.kimi = KimiRoute(providers: try await daemon.providers(), activeKey: status.activeKey)
    }

    /// The variables for a token, on top of those that are around.
    func environment(token: String, _ surroundings: Surroundings) -> ProxyEnvironment {
        ProxyEnvironment(proxy: self.proxy, kimi: self.kimi, token: token, inherited: surroundings.inherited)
    }
}
