import ArgumentParser
import DBusControl

/// `kmictl clients …`: who may send requests.
struct ClientsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "Show, make and end the clients and their tokens.",
        subcommands: [List.self, Create.self, Revoke.self],
        defaultSubcommand: List.self
    )
}

extension ClientsCommand {
    /// `kmictl clients list`.
    struct List: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the clients.", aliases: ["ls"])

        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try invocation.show(ClientListReport(clients: try await invocation.withDaemon { try await $0.clients() }))
            return .success
        }
    }

    /// `kmictl clients create NAME`.
    struct Create: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a client and print its token, which cannot be shown again.")

        @Argument(help: ArgumentHelp("What the client is to be called.", valueName: "NAME")) var name: String
        @Option(
            name: .customLong("scope"),
            help: ArgumentHelp(
                "What the token is good for: \(ClientOptions.knownScopes.joined(separator: ", ")); may be repeated.",
                valueName: "SCOPE"), completion: .list(ClientOptions.knownScopes))
        var scopes: [String] = []
        @Option(
            name: .customLong("model"),
            help: ArgumentHelp("A model that it may ask for; may be repeated. Without: all.", valueName: "NAME"),
            completion: .models)
        var models: [String] = []
        @Option(
            name: .customLong("route"),
            help: ArgumentHelp(
                "A route that it may call, such as /v1/chat/completions, or /v1/* for all below; may be repeated. Without: all.",
                valueName: "PATH"))
        var routes: [String] = []
        @Option(
            name: .customLong("project"),
            help: ArgumentHelp(
                "A project that its requests count for; may be repeated. Without: any.", valueName: "NAME"))
        var projects: [String] = []
        @Option(help: ArgumentHelp("Requests per second; 0 for no limit.", valueName: "N")) var rps: UInt32 = 0
        @Option(help: ArgumentHelp("Requests per minute; 0 for no limit.", valueName: "N")) var rpm: UInt32 = 0
        @Option(help: ArgumentHelp("Tokens per minute; 0 for no limit.", valueName: "N")) var tpm: UInt32 = 0
        @Option(help: ArgumentHelp("Requests at once; 0 for no limit.", valueName: "N")) var inFlight: UInt32 = 0
        @Option(
            help: ArgumentHelp("When the token ends: RFC 3339, a date, or a time from now such as 30d.", valueName: "T")
        )
        var expires: MomentArgument?
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            for scope in self.scopes where !ClientOptions.knownScopes.contains(scope) {
                let suggestion = Suggestion.phrase(for: scope, among: ClientOptions.knownScopes)
                throw ValidationError("--scope: there is no scope \(scope).\(suggestion)")
            }
            guard self.routes.allSatisfy(ControlText.isRoute) else {
                throw ValidationError("--route: expected \(ControlText.routeRule).")
            }
            guard self.projects.allSatisfy(ControlText.isProject) else {
                throw ValidationError("--project: expected 1 to 256 printable ASCII characters.")
            }
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            var options = ClientOptions()
            options.scopes = self.scopes
            options.models = self.models
            options.routes = self.routes
            options.projects = self.projects
            options.limits[.rps] = self.rps
            options.limits[.rpm] = self.rpm
            options.limits[.tpm] = self.tpm
            options.limits[.inFlight] = self.inFlight
            if let expires = self.expires {
                options.expiresAt = expires.after(now: invocation.now, zone: invocation.surroundings.zone)
                guard options.expiresAt > invocation.now else {
                    throw CommandFailure.usage("--expires: expected a moment to come.")
                }
            }
            return try await invocation.withDaemon { daemon in
                let token = try await daemon.createClient(self.name, options: options)
                do throws(CommandFailure) {
                    try self.show(token, in: invocation)
                } catch {
                    // A token that nobody has seen is of no use, and its name would stay taken.
                    try await daemon.revokeClient(self.name)
                    throw error
                }
                return .success
            }
        }

        private func show(_ token: SecretText, in invocation: Invocation) throws(CommandFailure) {
            guard invocation.json != nil else {
                try invocation.print(secret: token)
                invocation.hint("This is the only time that the token of \(self.name) is shown.")
                return
            }
            let text = token.withBytes { String(decoding: $0, as: UTF8.self) }
            try invocation.show(ActionReport(json: .object(["name": .string(self.name), "token": .string(text)])))
        }
    }

    /// `kmictl clients revoke NAME…`.
    struct Revoke: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "End clients that were made at run time; their tokens are refused from then on.")

        @Argument(help: ArgumentHelp("The clients.", valueName: "NAME"), completion: .clients) var names: [String]
        @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
        @OptionGroup var options: GlobalOptions

        mutating func prepare(_ invocation: Invocation) throws {
            guard !self.yes else { return }
            let subject = self.names.count == 1 ? "client" : "clients"
            try Confirmation(invocation: invocation)
                .confirm("Revoke the \(subject) \(self.names.joined(separator: ", "))?")
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try await invocation.withDaemon { daemon in
                for name in self.names {
                    try await daemon.naming(client: name) { () async throws(ControlClientError) in
                        try await daemon.revokeClient(name)
                    }
                    invocation.note("client \(name): revoked.")
                }
            }
            try invocation.show(DoneReport(action: "revoked", kind: "name", names: self.names))
            return .success
        }
    }
}
