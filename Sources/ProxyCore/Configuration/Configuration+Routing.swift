/// How a key is chosen among the usable ones of a provider.
public enum RotationMode: String, Sendable, CaseIterable {
    /// The same one as long as it is usable.
    case sticky
    /// One after the other.
    case roundRobin = "round-robin"
    /// The one with the largest share of its quota left.
    case mostRemaining = "most-remaining"
    /// The one with the fewest requests running.
    case leastInFlight = "least-in-flight"
    /// In proportion to the weights.
    case weighted
}

extension Configuration {
    /// The table `[rotation]`.
    public struct Rotation: Sendable, Equatable {
        /// How a key is chosen among the usable ones.
        public var mode = RotationMode.roundRobin
        /// Whether a conversation stays on its key while that key is usable.
        public var affinity = true
        /// Whether keys with little quota left take part while others have more.
        public var includeWarn = true

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[retry]`.
    public struct Retry: Sendable, Equatable {
        /// Attempts over all keys and providers of one request, 1 to 100.
        public var maxAttempts = 4
        /// No new attempt starts so long after the request came; `nil` for no limit.
        public var deadline: Duration? = .seconds(30)
        /// The first step of the back-off, which doubles and is jittered in full.
        public var base: Duration = .milliseconds(250)
        /// The longest step of the back-off.
        public var cap: Duration = .seconds(8)
        /// The largest share of the requests of the last 60 s that may be retries, 0 to 1; ten are always free.
        public var budget = 0.2

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[breaker]`.
    public struct Breaker: Sendable, Equatable {
        /// The failures within ``window`` that open it, at least 1.
        public var failures = 5
        /// The time over which failures count.
        public var window: Duration = .seconds(30)
        /// How long it stays open at first; it doubles up to five minutes while probes fail.
        public var open: Duration = .seconds(10)

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[cooldown]`.
    public struct Cooldown: Sendable, Equatable {
        /// The steps after a rate limit without a hint from the provider; never empty.
        public var rateLimited: [Duration] = [.seconds(2), .seconds(5), .seconds(15), .seconds(60), .seconds(300)]
        /// After a refusal for want of money.
        public var billing: Duration = .seconds(3600)
        /// The steps after an authentication failure; never empty.
        public var auth: [Duration] = [.seconds(30), .seconds(120), .seconds(600), .seconds(3600), .seconds(21600)]
        /// After a model was refused to the key.
        public var forbidden: Duration = .seconds(300)

        /// Makes the defaults.
        public init() {}
    }

    /// `[[model]]`: a name of our own for models of providers.
    public struct ModelAlias: Sendable, Equatable {
        /// One model that an alias stands for.
        public struct Target: Sendable, Equatable {
            /// The provider that serves it.
            public var provider: ProviderName
            /// The provider's name of the model.
            public var model: ModelName
            /// Higher ones are tried first.
            public var priority: Int
            /// The share among those of the same priority, at least 1.
            public var weight: Int

            /// Makes a target.
            public init(provider: ProviderName, model: ModelName, priority: Int = 0, weight: Int = 1) {
                self.provider = provider
                self.model = model
                self.priority = priority
                self.weight = weight
            }
        }

        /// The name that callers use, unique among the aliases.
        public var name: ModelName
        /// What it stands for; never empty.
        public var targets: [Target]

        /// Makes an alias.
        public init(name: ModelName, targets: [Target]) {
            self.name = name
            self.targets = targets
        }
    }

    /// The table `[[key]]`.
    public struct Key: Sendable, Equatable {
        /// The key's name, unique among the keys.
        public var label: KeyLabel
        /// The one provider that it is ever sent to.
        public var provider: ProviderName
        /// Where the secret is.
        public var secret: SecretReference
        /// Higher ones are chosen first.
        public var priority = 0
        /// The share in the mode `weighted`, at least 1.
        public var weight = 1
        /// Whether the key takes part.
        public var enabled = true
        /// The models that it serves; empty for all.
        public var models: [ModelName] = []
        /// Fields that are sent with this key only, in order of their names.
        public var headers: [HeaderFields.Field] = []
        /// Requests per second; `nil` for no limit.
        public var rps: Int?
        /// Requests per minute; `nil` for no limit.
        public var rpm: Int?
        /// Tokens per minute; `nil` for no limit.
        public var tpm: Int?
        /// Requests at once; `nil` for no limit.
        public var inFlight: Int?

        /// Makes an enabled key without limits.
        public init(label: KeyLabel, provider: ProviderName, secret: SecretReference) {
            self.label = label
            self.provider = provider
            self.secret = secret
        }
    }
}

extension Configuration.Key {
    /// The limits that a key can have, by their names in the configuration.
    public enum Limit: String, Sendable, CaseIterable {
        /// Requests per second.
        case rps = "rps"
        /// Requests per minute.
        case rpm = "rpm"
        /// Tokens per minute.
        case tpm = "tpm"
        /// Requests at once.
        case inFlight = "in_flight"

        /// The largest one.
        public static let largest = 1_000_000_000
    }

    /// One of its limits; `nil` for none.
    public subscript(limit limit: Limit) -> Int? {
        get {
            switch limit {
            case .rps: self.rps
            case .rpm: self.rpm
            case .tpm: self.tpm
            case .inFlight: self.inFlight
            }
        }
        set {
            switch limit {
            case .rps: self.rps = newValue
            case .rpm: self.rpm = newValue
            case .tpm: self.tpm = newValue
            case .inFlight: self.inFlight = newValue
            }
        }
    }
}
