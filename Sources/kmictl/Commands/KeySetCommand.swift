import ArgumentParser
import DBusControl

extension KeysCommand {
    /// `kmictl keys set LABEL…`.
    struct Set: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Change priority, weight and limits of keys.",
            discussion: """
                What is not named stays as it is. Of a key of the configuration file it holds until the file says something \
                else.
                """
        )

        @Argument(help: ArgumentHelp("The keys.", valueName: "LABEL"), completion: .keys) var labels: [String]
        @Option(parsing: .unconditional, help: ArgumentHelp("Higher ones are chosen first.", valueName: "N"))
        var priority: Int32?
        @Option(help: ArgumentHelp("The share in the mode weighted.", valueName: "N")) var weight: UInt32?
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard self.weight != 0 else { throw ValidationError("--weight: expected at least 1.") }
            guard self.priority != nil || self.weight != nil || self.limits.isGiven else {
                throw ValidationError(
                    "there is nothing to set: say --priority, --weight, --rps, --rpm, --tpm or --in-flight.")
            }
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            try await KeyChanges(labels: self.labels, action: "changed").perform(in: invocation) {
                (daemon, label) async throws(ControlClientError) in
                if self.priority != nil || self.weight != nil {
                    try await daemon.changeKey(label, enabled: nil, priority: self.priority, weight: self.weight)
                }
                guard self.limits.isGiven else { return }
                try await daemon.setLimits(of: label, to: self.limits.applied(to: daemon.key(label).limits))
            }
        }
    }
}

/// The options that name limits of a key.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Requests per second; 0 for no limit.", valueName: "N")) var rps: UInt32?
    @Option(help: ArgumentHelp("Requests per minute; 0 for no limit.", valueName: "N")) var rpm: UInt32?
    @Option(help: ArgumentHelp("Tokens per minute; 0 for no limit.", valueName: "N")) var tpm: UInt32?
    @Option(help: ArgumentHelp("Requests at once; 0 for no limit.", valueName: "N")) var inFlight: UInt32?

    /// Whether one is named.
    var isGiven: Bool { KeyLimits.Kind.allCases.contains { self.value(of: $0) != nil } }

    /// Limits with those that are named in place of the former ones.
    func applied(to former: KeyLimits) -> KeyLimits {
        KeyLimits.Kind.allCases.reduce(into: former) { limits, kind in
            if let value = self.value(of: kind) { limits[kind] = value }
        }
    }

    private func value(of kind: KeyLimits.Kind) -> UInt32? {
        switch kind {
        case .rps: self.rps
        case .rpm: self.rpm
        case .tpm: self.tpm
        case .inFlight: self.inFlight
        }
    }
}
