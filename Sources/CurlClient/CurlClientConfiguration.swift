/// What a ``CurlClient`` needs to know, as one immutable value.
public struct CurlClientConfiguration: Sendable, Equatable {
    /// Time for resolving the name, connecting and the TLS handshake together; at least a millisecond.
    public var connectTimeout: Duration
    /// Transfers (each holds one connection) that may run at a time, over all event loops; at least 1.
    ///
    /// A transfer beyond it fails at once with ``ProxyCore/UpstreamFailure/Kind/internalFault``: the gateway's own
    /// admission is meant to be the narrower gate.
    public var maximumConnections: Int
    /// Connections kept open for later requests, over all event loops; 0 closes each after its answer.
    public var maximumIdleConnections: Int
    /// A PEM file of the authorities that are trusted in place of the system's; `nil` for the system's.
    public var caFile: String?
    /// The proxy that https origins are reached through (`http://`, `https://` or `socks5h://`); `nil` for none.
    ///
    /// Proxy variables of the environment are never used, and plain and Unix-socket origins never go through a proxy.
    public var proxy: String?

    /// Makes a configuration.
    public init(
        connectTimeout: Duration = .seconds(10),
        maximumConnections: Int = 512,
        maximumIdleConnections: Int = 64,
        caFile: String? = nil,
        proxy: String? = nil
    ) {
        self.connectTimeout = connectTimeout
        self.maximumConnections = maximumConnections
        self.maximumIdleConnections = maximumIdleConnections
        self.caFile = caFile
        self.proxy = proxy
    }
}

/// What a ``CurlClient`` holds at one moment.
public struct CurlClientStatistics: Sendable, Equatable {
    /// Transfers that libcurl works on.
    public var activeTransfers: Int
    /// libcurl handles kept for later requests.
    public var pooledHandles: Int
    /// Sockets of connections, both in use and idle.
    public var openSockets: Int

    /// Makes a snapshot.
    public init(activeTransfers: Int, pooledHandles: Int, openSockets: Int) {
        self.activeTransfers = activeTransfers
        self.pooledHandles = pooledHandles
        self.openSockets = openSockets
    }
}

/// Why a ``CurlClient`` could not be made.
public struct CurlClientError: Error, Sendable, Equatable {
    /// What went wrong.
    public enum Code: Sendable, Equatable {
        /// libcurl could not be started, or lacks what is needed.
        case library
        /// The system refused a descriptor or a thread.
        case system
        /// The configuration makes no sense.
        case configuration
    }

    /// What went wrong.
    public var code: Code
    /// The details, for the log.
    public var message: String

    /// Makes an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}
