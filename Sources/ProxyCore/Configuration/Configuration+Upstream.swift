extension Configuration {
    /// The table `[upstream]`.
    public struct Upstream: Sendable, Equatable {
        /// Until a connection, its TLS handshake included, stands; `nil` for no limit.
        public var connectTimeout: Duration? = .seconds(10)
        /// Until the first byte of an answer's body, in an event stream its first event; `nil` for no limit.
        public var firstByteTimeout: Duration? = .seconds(600)
        /// The longest silence within an answer; `nil` for no limit.
        public var idleTimeout: Duration? = .seconds(300)
        /// For one attempt as a whole; `nil` for no limit.
        public var totalTimeout: Duration?
        /// Connections at once, at least 1 and not below ``Configuration/Limits/inFlight``.
        public var maxConnections = 512
        /// Connections kept for later requests, 1 to ``maxConnections``.
        public var maxIdleConnections = 64
        /// The hosts that providers may have; empty for those of the configured providers.
        public var allowHosts: [HostPattern] = []
        /// Path of the trusted authorities in PEM; `nil` for those of the system.
        public var caFile: String?
        /// The proxy to go through; `nil` for none, whatever the environment says.
        ///
        /// `http://`, `https://` or `socks5h://` with host and port, never with a password.
        public var proxy: String?
        /// Names of request fields that are forwarded beside the built-in ones.
        public var forwardHeaders: [String] = []

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[[provider]]`.
    public struct Provider: Sendable, Equatable {
        /// The provider's name, unique among the providers.
        public var name: ProviderName
        /// What it speaks; never guessed from the name.
        public var kind: ProviderKind
        /// Where it speaks OpenAI's dialect; `nil` if it does not.
        public var openAIBase: UpstreamBase?
        /// Where it speaks Anthropic's dialect; `nil` if it does not.
        public var anthropicBase: UpstreamBase?
        /// Whether it is marked as the default.
        public var isDefault = false
        /// SHA-256 digests of public keys, as `sha256//BASE64`; empty for no pinning.
        public var pins: [String] = []
        /// How often its usage is asked for; `nil` for never.
        public var usageRefresh: Duration? = .seconds(600)
        /// How long that may take, 1 s to 120 s.
        public var usageTimeout: Duration = .seconds(10)
        /// Whether an attempt that failed after it was sent in full, and so may have been billed, is repeated.
        public var repeatPossiblyBilled = true
        /// `[[provider.rule]]`: rules of one's own, before the built-in ones.
        public var rules: [ClassificationRule] = []

        /// Makes a provider at the addresses that its kind is known by.
        public init(name: ProviderName, kind: ProviderKind) {
            self.name = name
            self.kind = kind
            self.openAIBase = kind.knownBases?.openAI
            self.anthropicBase = kind.knownBases?.anthropic
        }

        /// The provider that is there without being written down: one named as a kind whose address is known.
        public static func known(named name: ProviderName) -> Provider? {
            guard let kind = ProviderKind(rawValue: name.text), kind.knownBases != nil else { return nil }
            return Provider(name: name, kind: kind)
        }
    }
}
