import DBusKit

/// Why something that the daemon was asked for did not come.
public struct ControlClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds; the raw values are for scripts.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no such key, client or request.
        case notFound = "not_found"
        /// The label, name or secret is taken.
        case alreadyExists = "already_exists"
        /// A value that cannot be meant.
        case invalidArgument = "invalid_argument"
        /// The configuration has problems; nothing has changed.
        case invalidConfig = "invalid_config"
        /// It would be possible, but not for this caller or this object.
        case notAllowed = "not_allowed"
        /// The provider did not do its part.
        case upstreamFailed = "upstream_failed"
        /// Not now.
        case busy = "busy"
        /// The bus or the daemon does not let this user do it.
        case accessDenied = "access_denied"
        /// No answer came in time.
        case timedOut = "timed_out"
        /// There is no bus, or no daemon on it.
        case unreachable = "unreachable"
        /// What came is not of the contract: another version of the daemon, or another program under its name.
        case protocolError = "protocol_error"
    }

    /// The kind.
    public let code: Code
    /// What failed and what may help; without any secret.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether usage was refused because one message cannot carry its rows.
    public var isTooManyRows: Bool { self.code == .invalidArgument && self.message.contains(UsageQuery.tooManyRows) }

    /// The message.
    public var description: String { self.message }
}

extension ControlClientError {
    /// What the bus, or the daemon over it, answered to a call.
    init(_ error: BusError) {
        switch error.kind {
        case .timedOut: self.init(.timedOut, "no answer from \(ControlNames.bus) in time.")
        case .disconnected, .unreachable: self = .unreachable(error.message)
        case .invalid: self.init(.invalidArgument, error.message)
        case .limit: self.init(.busy, error.message)
        case .remote: self.init(remote: error)
        }
    }

    /// What the daemon tells that cannot be read.
    init(reading fault: ControlFault) {
        self.init(.protocolError, "\(ControlNames.bus) tells something that this version cannot read: \(fault.message)")
    }

    /// Nobody there to be asked.
    static func unreachable(_ reason: String) -> ControlClientError {
        var reason = Substring(reason)
        while reason.hasSuffix(".") { reason.removeLast() }
        return ControlClientError(.unreachable, "cannot reach \(ControlNames.bus): \(reason). Is kmid running?")
    }

    private init(remote error: BusError) {
        if let code = ControlFault.Code(errorName: error.name) {
            self.init(Code(code), error.message)
            return
        }
        switch error.name {
        case .serviceUnknown, .nameHasNoOwner: self = .unreachable("nobody has that name on the bus")
        // The bus tells it where the daemon went away in the middle of a call; a late answer is `timedOut`.
        case .noReply, .disconnected: self = .unreachable("it went away before it answered")
        case .timeout: self.init(.timedOut, error.message)
        case .accessDenied, .interactionRequired, "org.freedesktop.DBus.Error.AuthFailed":
            self.init(.accessDenied, error.message)
        case .invalidArgs: self.init(.invalidArgument, error.message)
        case .limitsExceeded: self.init(.busy, error.message)
        case .unknownObject: self.init(.notFound, error.message)
        default: self.init(.protocolError, "\(error.name): \(error.message)")
        }
    }
}

extension ControlClientError.Code {
    /// The code of a refusal of the contract.
    init(_ code: ControlFault.Code) {
        switch code {
        case .notFound: self = .notFound
        case .alreadyExists: self = .alreadyExists
        case .invalidArgument: self = .invalidArgument
        case .invalidConfig: self = .invalidConfig
        case .notAllowed: self = .notAllowed
        case .upstreamFailed: self = .upstreamFailed
        case .busy: self = .busy
        }
    }
}
