extension Configuration {
    /// The table `[auth]`.
    public struct Auth: Sendable, Equatable {
        /// Whether callers on TCP need a client token, those on loopback included.
        public var requireToken = true
        /// Whether a peer on the Unix socket that runs as the daemon's own user needs no token.
        public var sameUserSocket = true
        /// The proxies whose `Forwarded` and `X-Forwarded-For` are believed.
        public var trustedProxies: [AddressBlock] = []
        /// Whether requests must be signed.
        public var hmac = RequestSigning.off

        /// Makes the defaults.
        public init() {}
    }

    /// Whether requests must be signed.
    public enum RequestSigning: String, Sendable, CaseIterable {
        /// Signatures are not looked at.
        case off
        /// A request without a valid signature is refused.
        case required
    }

    /// The table `[[client]]`.
    public struct Client: Sendable, Equatable {
        /// What a client's token is good for.
        public enum Scope: String, Sendable, CaseIterable {
            /// The data plane.
            case inference
            /// The admin listener.
            case metrics
            /// Asking for high priority.
            case priorityHigh = "priority:high"
        }

        /// The client's name, unique among the clients.
        public var name: ClientName
        /// Where its token is.
        public var token: SecretReference
        /// The models that it may ask for; empty for all.
        public var models: [ModelName] = []
        /// The routes that it may call, as paths without method; empty for all.
        public var routes: [String] = []
        /// The projects that it may name; empty for all.
        public var projects: [String] = []
        /// The project of its requests that name none; `nil` for none.
        ///
        /// Only clients made at run time have one.
        public var project: String?
        /// What the token is good for.
        public var scopes: Set<Scope> = [.inference]
        /// Requests per second; `nil` for no limit.
        public var rps: Int?
        /// Requests per minute; `nil` for no limit.
        public var rpm: Int?
        /// Tokens per minute; `nil` for no limit.
        public var tpm: Int?
        /// Requests at once; `nil` for no limit.
        public var inFlight: Int?
        /// When the token ceases to be good; `nil` for never.
        public var expires: WallTime?

        /// Makes a client without limits.
        public init(name: ClientName, token: SecretReference) {
            self.name = name
            self.token = token
        }
    }

    /// The table `[limits]`.
    public struct Limits: Sendable, Equatable {
        /// Requests per second over all callers; `nil` for no limit.
        public var rps: Int?
        /// Requests per minute over all callers; `nil` for no limit.
        public var rpm: Int?
        /// Tokens per minute over all callers; `nil` for no limit.
        public var tpm: Int?
        /// Requests at once; `nil` for no limit.
        public var inFlight: Int? = 512
        /// Requests that wait for a place; 0 lets none wait.
        public var queue = 256
        /// How long one waits at most; `nil` for no limit.
        public var queueTimeout: Duration? = .seconds(30)
        /// The share of the places that is kept for high priority, as long as a client may ask for it; 0 to 1.
        public var highReserved = 0.1
        /// The share of the places that requests of high priority may take together; 0 to 1.
        public var highMaximum = 0.5
        /// The share of the places that requests of low priority may take together; 0 to 1.
        public var lowMaximum = 0.5
        /// Whether fewer requests are let in at once while providers answer slower or ask for less.
        public var adaptive = true
        /// The share of time in percent that tasks were stalled for lack of memory, averaged over ten seconds, from which
        /// on new requests are refused; `nil` for no limit.
        public var memoryPressure: Double? = 40
        /// `[limits.address]`: for each address.
        public var address = Rates()
        /// `[limits.client]`: for each client that has none of its own.
        public var client = Rates()

        /// Makes the defaults.
        public init() {}

        /// Limits for each member of a group.
        public struct Rates: Sendable, Equatable {
            /// Requests per second; `nil` for no limit.
            public var rps: Int?
            /// Requests per minute; `nil` for no limit.
            public var rpm: Int?
            /// Tokens per minute; `nil` for no limit.
            public var tpm: Int?
            /// Requests at once; `nil` for no limit.
            public var inFlight: Int?

            /// Makes no limits.
            public init() {}
        }
    }
}
