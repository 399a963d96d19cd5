import ArgumentParser
import DBusControl
import Glibc

/// `kmictl prices …`: the price table.
struct PricesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prices",
        abstract: "Show and replace the price table.",
        subcommands: [Show.self, Import.self],
        defaultSubcommand: Show.self
    )
}

extension PricesCommand {
    /// `kmictl prices show [MODEL]`.
    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show which price table is in force, or the price of a model.")

        @Argument(help: ArgumentHelp("The model, as its provider names it.", valueName: "MODEL"), completion: .models)
        var model: String?
        @Option(help: ArgumentHelp("The provider that answers for it.", valueName: "NAME"), completion: .providers)
        var provider: String?
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard self.provider == nil || self.model != nil else {
                throw ValidationError("--provider goes with a MODEL only.")
            }
        }

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            var query = PriceQuery()
            query.model = self.model
            query.provider = self.provider
            let status = try await invocation.withDaemon { [query] in try await $0.prices(query) }
            if let model = self.model, let finding = status.finding, finding.basis == "none" {
                throw CommandFailure(
                    .notFound, code: ControlClientError.Code.notFound.rawValue, self.reason(model, finding))
            }
            try invocation.show(PriceReport(status: status))
            return .success
        }

        /// Why there is no price, and for which provider it was looked up.
        private func reason(_ model: String, _ finding: PriceStatus.Finding) -> String {
            let place = finding.provider.isEmpty ? "" : " at \(finding.provider)"
            let other = self.provider == nil ? "; --provider NAME asks for another" : ""
            return "there is no price for \(model)\(place)\(other). Its tokens are told as unpriced: "
                + "see kmictl prices import."
        }
    }

    /// `kmictl prices import FILE`.
    struct Import: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Replace the price table by that of a file.",
            discussion: "What is on record keeps its cost; the table counts from the next request on."
        )

        @Argument(
            help: ArgumentHelp("The file with the table; - is the standard input.", valueName: "FILE"),
            completion: .file())
        var file: String
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            let descriptor = try self.open(invocation)
            defer { if descriptor != invocation.surroundings.input { close(descriptor) } }
            // A pipe may take its time, as a provider may.
            let (before, status) = try await invocation.withDaemon(
                askingProviders: true, doing: "handing over the prices"
            ) { daemon in
                let before = try await daemon.prices(PriceQuery()).models
                return (before, try await daemon.importPrices(from: descriptor))
            }
            try invocation.show(PriceReport(status: status, modelsBefore: before))
            return .success
        }

        private func open(_ invocation: Invocation) throws(CommandFailure) -> CInt {
            guard self.file != "-" else {
                guard !invocation.terminal.hasInput else {
                    throw CommandFailure.usage("the standard input is a terminal; name a file.")
                }
                return invocation.surroundings.input
            }
            let descriptor = Glibc.open(self.file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw CommandFailure(.failed, code: "input", "cannot read \(self.file): \(SystemText.of(errno))")
            }
            return descriptor
        }
    }
}
