extension BusError {
    /// An error that this side came upon itself, with the name that suits its kind.
    init(kind: Kind, _ message: String) {
        self.init(kind: kind, kind.defaultName, message)
    }
}

extension BusError.Kind {
    fileprivate var defaultName: ErrorName {
        switch self {
        case .remote: .failed
        case .timedOut: .timeout
        case .disconnected: .disconnected
        case .invalid: .invalidArgs
        case .limit: .limitsExceeded
        case .unreachable: "org.freedesktop.DBus.Error.NoServer"
        }
    }
}
