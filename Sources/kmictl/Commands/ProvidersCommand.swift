import ArgumentParser
import DBusControl

/// `kmictl providers …`: where keys are sent.
struct ProvidersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Show, add and remove the providers.",
        subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self
    )
}

extension ProvidersCommand {
    /// `kmictl providers list`.
    struct List: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the providers and how they are.", aliases: ["ls"])

        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            let providers = try await invocation.withDaemon { try await $0.providers() }
            try invocation.show(ProviderListReport(providers: providers))
            return .success
        }
    }

    /// `kmictl providers add NAME`.
    struct Add: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a provider that the configuration does not name.",
            discussion: """
                The same rules hold as for a [[provider]] of the configuration file: https, or http on this machine alone, \
                and a host that upstream.allow_hosts lets be. kmictl keys add adds keys for it.
                """
        )

        @Argument(help: ArgumentHelp("What the provider is to be called.", valueName: "NAME")) var name: String
        @Option(
            help: ArgumentHelp(
                """
                What it speaks: kimi, moonshot, openai, anthropic, deepseek, openrouter, gemini, local or compatible.
                """, valueName: "KIND"))
        var kind: String
        @Option(help: ArgumentHelp("Its address; needed for the kinds local and compatible.", valueName: "URL"))
        var base = ""
        @Option(help: ArgumentHelp("Its address for Anthropic's dialect, where it has another one.", valueName: "URL"))
        var anthropicBase = ""
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            var options = ProviderOptions()
            options.anthropicBase = self.anthropicBase
            _ = try await invocation.withDaemon { daemon in
                try await daemon.addProvider(self.name, kind: self.kind, base: self.base, options: options)
            }
            invocation.note("provider \(self.name): added.")
            try invocation.show(DoneReport(action: "added", kind: "name", names: [self.name]))
            if self.kind != "local" {
                invocation.hint("kmictl keys add LABEL --provider \(self.name) adds a key for it.")
            }
            return .success
        }
    }

    /// `kmictl providers remove NAME…`.
    struct Remove: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove providers that were added at run time and have no keys.",
            aliases: ["rm"]
        )

        @Argument(help: ArgumentHelp("The providers.", valueName: "NAME"), completion: .providers)
        var names: [String]
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try await invocation.withDaemon { daemon in
                for name in self.names {
                    try await daemon.naming(provider: name) { () async throws(ControlClientError) in
                        try await daemon.removeProvider(name)
                    }
                    invocation.note("provider \(name): removed.")
                }
            }
            try invocation.show(DoneReport(action: "removed", kind: "name", names: self.names))
            return .success
        }
    }
}
