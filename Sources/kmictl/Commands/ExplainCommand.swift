import ArgumentParser
import DBusControl

/// `kmictl explain MODEL`.
struct ExplainCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show which key a request would use, and why each other one not.",
        discussion: "Nothing is sent, and nothing changes. With --request it shows what became of one that has ended."
    )

    @Argument(help: ArgumentHelp("The model as a caller names it.", valueName: "MODEL"), completion: .models)
    var model: String?
    @Option(help: ArgumentHelp("As if the caller insisted on this key.", valueName: "LABEL"), completion: .keys)
    var key: String?
    @Option(help: ArgumentHelp("As if it belonged to this conversation (X-KMI-Session).", valueName: "ID"))
    var session: String?
    @Option(help: ArgumentHelp("As if the caller asked for this provider.", valueName: "NAME"), completion: .providers)
    var provider: String?
    @Option(help: ArgumentHelp("As if this client sent it.", valueName: "NAME"), completion: .clients)
    var client: String?
    @Option(help: ArgumentHelp("A request that has ended, by its X-Request-Id.", valueName: "ID")) var request: String?
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard self.request != nil else {
            guard self.model != nil else { throw ValidationError("a MODEL is needed, or --request.") }
            return
        }
        guard [self.model, self.key, self.session, self.provider, self.client].allSatisfy({ $0 == nil }) else {
            throw ValidationError("--request explains a request as it was; nothing else goes with it.")
        }
    }

    /// What the daemon is told of the request.
    var explainOptions: ExplainOptions {
        var options = ExplainOptions()
        options.key = self.key
        options.session = self.session
        options.provider = self.provider
        options.client = self.client
        options.request = self.request
        return options
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let rows = try await invocation.withDaemon { daemon in
            if let key = self.key {
                // So that a key that is not there is told apart from a provider that is not.
                _ = try await daemon.naming(key: key) { () async throws(ControlClientError) in
                    try await daemon.key(key)
                }
            }
            do throws(ControlClientError) {
                return try await daemon.explain(self.model ?? "", self.explainOptions)
            } catch {
                guard error.code == .notFound, let request = self.request else { throw error }
                throw CommandFailure(.notFound, code: error.code.rawValue, "there is no request \(request).")
            }
        }
        try invocation.show(ExplainReport(rows: rows, request: self.request))
        return .success
    }
}
