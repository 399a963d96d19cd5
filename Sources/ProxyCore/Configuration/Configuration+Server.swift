extension Configuration {
    /// The table `[server]`.
    public struct Server: Sendable, Equatable {
        /// The TCP and Unix-socket listeners of the data plane beside ``socket``; on loopback port 7878 by default.
        public var listen = [ListenSpecification(address: .tcp(host: "127.0.0.1", port: 7878))]
        /// The Unix socket of the data plane.
        public var socket = Socket.automatic
        /// Where `/metrics`, `/healthz` and `/readyz` are served; `nil` for nowhere.
        ///
        /// Loopback port 7879 by default.
        public var adminListen: ListenSpecification? = ListenSpecification(
            address: .tcp(host: "127.0.0.1", port: 7879))
        /// The hosts that a `Host` field may name, IPv6 in brackets, without port.
        public var allowedHosts = ["localhost", "127.0.0.1", "[::1]"]
        /// The origins, exactly as browsers send them, whose pages may call.
        public var allowedOrigins: [String] = []
        /// Where the default provider is mounted for former users of KMI Manager, without a trailing slash.
        ///
        /// `/` means every path that no other route claims, the empty text turns the mount off.
        public var basePath = "/kmi-rotor/v1"
        /// Whether requests are answered with where they would have gone instead of being sent.
        public var dryRun = false
        /// The table `[server.tls]`.
        public var tls = TLS()
        /// The table `[server.timeouts]`.
        public var timeouts = Timeouts()
        /// The table `[server.limits]`.
        public var limits = Limits()

        /// Makes the defaults.
        public init() {}

        /// The Unix socket of the data plane.
        public enum Socket: Sendable, Equatable {
            /// `proxy.sock` in the runtime directory.
            case automatic
            /// None.
            case off
            /// At an absolute path.
            case path(String)
        }
    }
}

extension Configuration.Server {
    /// The table `[server.tls]`.
    public struct TLS: Sendable, Equatable {
        /// Path of the certificate chain in PEM, or `credential:NAME`; `nil` for no TLS.
        public var certificate: String?
        /// Path of its private key in PEM, or `credential:NAME`.
        public var privateKey: String?
        /// Path of the authorities that client certificates must chain to.
        public var clientCA: String?
        /// Whether callers show a certificate.
        public var clientAuth = ClientAuthentication.off
        /// The subjects that are let in; empty for any that chains to ``clientCA``.
        public var clientSubjects: [String] = []

        /// Makes the defaults.
        public init() {}
    }

    /// Whether callers show a certificate.
    public enum ClientAuthentication: String, Sendable, CaseIterable {
        /// None is asked for.
        case off
        /// One that is shown must be good.
        case optional
        /// Nobody comes in without.
        case required
    }

    /// The table `[server.timeouts]`.
    public struct Timeouts: Sendable, Equatable {
        /// Until a request's head is complete; `nil` for no limit.
        public var header: Duration? = .seconds(10)
        /// Until the next piece of a request's body; `nil` for no limit.
        public var body: Duration? = .seconds(60)
        /// How long a connection without a request stays open; `nil` for no limit.
        public var idle: Duration? = .seconds(75)
        /// How long running requests may go on after a stop was asked for; zero cuts them at once.
        public var drain: Duration = .seconds(30)

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[server.limits]`.
    public struct Limits: Sendable, Equatable {
        /// Open connections of callers, at least 1.
        public var connections = 4096
        /// Bytes of a request's head, at least 1.
        public var headerBytes = 64 << 10
        /// Bytes of a request's body; `nil` for no limit.
        public var requestBody: Int? = 32 << 20
        /// Bytes of a request's body that are kept in memory before the rest is spooled; `nil` for no limit.
        public var bodyMemory: Int? = 4 << 20
        /// Bytes of an answer that is not streamed; `nil` for no limit.
        public var responseBody: Int? = 256 << 20

        /// Makes the defaults.
        public init() {}
    }
}
