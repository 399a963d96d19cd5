import DBusControl

/// Why a command ends with something else than success.
struct CommandFailure: Error, Equatable {
    /// The status that the process ends with.
    let status: ExitStatus
    /// One word for scripts, `error.code` in JSON.
    let code: String
    /// What failed and what to try, in one line (or one for each problem of a configuration).
    let message: String

    init(_ status: ExitStatus, code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// A command line that cannot be meant.
    static func usage(_ message: String) -> CommandFailure { CommandFailure(.usage, code: "usage", message) }

    /// Nobody reads standard output any more; the process ends by SIGPIPE, and says nothing.
    static let brokenPipe = CommandFailure(.failed, code: "broken_pipe", "nobody reads standard output any more.")

    /// What the daemon, or the way to it, answered.
    init(_ error: ControlClientError) {
        let isArgument = error.code == .invalidArgument
        self.init(
            ExitStatus(error.code), code: error.code.rawValue,
            isArgument ? DaemonWords.ofCommandLine(error.message) : error.message)
    }

    /// The same, and what to do about it.
    init(_ error: ControlClientError, advice: String?) {
        let failure = CommandFailure(error)
        guard let advice else {
            self = failure
            return
        }
        let end = failure.message.last.map { ".!?".contains($0) } ?? true ? " " : ". "
        self.init(failure.status, code: failure.code, failure.message + end + advice)
    }

    /// The document on standard output when JSON was asked for.
    var json: JSONValue {
        .object(["error": .object(["code": .string(self.code), "message": .string(self.message)])])
    }

    /// The line on standard error.
    var text: String { "kmictl: " + SafeText.lines(self.message) }
}

extension ExitStatus {
    /// The status that stands for an error of the control surface.
    init(_ code: ControlClientError.Code) {
        switch code {
        case .notFound: self = .notFound
        case .accessDenied: self = .notAuthorised
        case .timedOut: self = .timedOut
        case .unreachable: self = .unreachable
        // A value that only the daemon can judge is as wrong as one that kmictl refuses by itself.
        case .invalidArgument: self = .usage
        case .alreadyExists, .invalidConfig, .notAllowed, .upstreamFailed, .busy, .protocolError: self = .failed
        }
    }
}
