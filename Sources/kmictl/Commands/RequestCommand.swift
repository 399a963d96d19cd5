import ArgumentParser
import DBusControl

/// `kmictl request ID`.
struct RequestCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Show a request and its attempts."
    )

    @Argument(help: ArgumentHelp("The id, as the answer's X-Request-Id tells it.", valueName: "ID")) var id: String
    @Flag(help: "Print its body and the answer's instead, if they were captured.") var bodies = false
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        var row = try await invocation.withDaemon { daemon in
            do throws(ControlClientError) {
                return try await daemon.request(self.id)
            } catch {
                guard error.code == .notFound else { throw error }
                throw CommandFailure(.notFound, code: error.code.rawValue, "there is no request \(self.id).")
            }
        }
        guard self.bodies else {
            // They are long, and nobody has asked for them.
            (row.requestBody, row.answerBody) = (nil, nil)
            try invocation.show(RequestReport(row: row))
            return .success
        }
        try invocation.show(BodiesReport(row: row))
        if !row.hasBodies {
            invocation.note("kmictl: no bodies were captured; see trace.capture_bodies of the configuration.")
        } else if row.areBodiesCut {
            invocation.note("kmictl: there was more; the beginning of each body is kept.")
        }
        return .success
    }
}

extension RequestRow {
    /// Whether bodies were captured.
    var hasBodies: Bool { self.requestBody != nil || self.answerBody != nil }
}
