import ArgumentParser
import DBusControl

/// `kmictl request ID`.
struct RequestCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Show a request and its attempts."
    )

    @Argument(help: ArgumentHelp("The id, as the answer's X-Request-Id tells it.", valueName: "ID")) var id: String
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let row = try await invocation.withDaemon { daemon in
            do throws(ControlClientError) {
                return try await daemon.request(self.id)
            } catch {
                guard error.code == .notFound else { throw error }
                throw CommandFailure(.notFound, code: error.code.rawValue, "there is no request \(self.id).")
            }
        }
        try invocation.show(RequestReport(row: row))
        return .success
    }
}
