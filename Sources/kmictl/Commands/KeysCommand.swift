import ArgumentParser
import DBusControl

/// `kmictl keys …`: the key pool.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Show and change the keys.",
        subcommands: [
            List.self, Show.self, Add.self, Rekey.self, Set.self, Remove.self, Enable.self, Disable.self, Reset.self,
            Probe.self, Import.self,
        ],
        defaultSubcommand: List.self
    )
}

extension KeysCommand {
    /// `kmictl keys list`.
    struct List: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the keys and their states.", aliases: ["ls"])

        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try invocation.show(KeyListReport(keys: try await invocation.withDaemon { try await $0.keys() }))
            return .success
        }
    }

    /// `kmictl keys show LABEL`.
    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all there is about a key.")

        @Argument(help: ArgumentHelp("The key.", valueName: "LABEL"), completion: .keys) var label: String
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            let key = try await invocation.withDaemon { daemon in
                try await daemon.naming(key: self.label) { () async throws(ControlClientError) in
                    try await daemon.key(self.label)
                }
            }
            try invocation.show(KeyReport(key: key))
            return .success
        }
    }

    /// `kmictl keys probe LABEL`.
    struct Probe: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "probe", abstract: "Ask the provider whether it takes a key, and print what came out.")

        @Argument(help: ArgumentHelp("The key.", valueName: "LABEL"), completion: .keys) var label: String
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            let result = try await invocation.withDaemon(askingProviders: true, doing: "asking the provider") {
                daemon in
                try await daemon.naming(key: self.label) { () async throws(ControlClientError) in
                    try await daemon.probeKey(self.label)
                }
            }
            let words = result.split(separator: " ", maxSplits: 1).map(String.init)
            try invocation.show(
                ValueReport(
                    value: result,
                    json: .object([
                        "label": .string(self.label), "state": .string(words.first ?? ""),
                        "reason": .string(words.count > 1 ? words[1] : ""),
                    ])))
            return .success
        }
    }

    /// `kmictl keys enable LABEL…`.
    struct Enable: ControlCommand {
        static let configuration = CommandConfiguration(commandName: "enable", abstract: "Let keys take part again.")

        @Argument(help: ArgumentHelp("The keys.", valueName: "LABEL"), completion: .keys) var labels: [String]
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try await KeyChanges(labels: self.labels, action: "enabled").perform(in: invocation) {
                (daemon, label) async throws(ControlClientError) in
                try await daemon.changeKey(label, enabled: true, priority: nil, weight: nil)
            }
        }
    }

    /// `kmictl keys disable LABEL…`.
    struct Disable: ControlCommand {
        static let configuration = CommandConfiguration(commandName: "disable", abstract: "Take keys out of use.")

        @Argument(help: ArgumentHelp("The keys.", valueName: "LABEL"), completion: .keys) var labels: [String]
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try await KeyChanges(labels: self.labels, action: "disabled").perform(in: invocation) {
                (daemon, label) async throws(ControlClientError) in
                try await daemon.changeKey(label, enabled: false, priority: nil, weight: nil)
            }
        }
    }

    /// `kmictl keys reset [LABEL…]`.
    struct Reset: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "End the rests of keys, and forget their errors.")

        @Argument(help: ArgumentHelp("The keys; all of them if none is named.", valueName: "LABEL"), completion: .keys)
        var labels: [String] = []
        @Flag(help: "Reset all keys.") var all = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard !self.all || self.labels.isEmpty else {
                throw ValidationError("--all and labels exclude each other.")
            }
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            guard self.labels.isEmpty else {
                return try await KeyChanges(labels: self.labels, action: "reset").perform(in: invocation) {
                    (daemon, label) async throws(ControlClientError) in
                    try await daemon.resetKey(label)
                }
            }
            let count = try await invocation.withDaemon { try await $0.resetKeys() }
            try invocation.show(
                ActionReport(json: .object(["action": .string("reset"), "usable_again": .unsigned(UInt64(count))])))
            invocation.note("all keys are reset; \(count) can be used again.")
            return .success
        }
    }
}
