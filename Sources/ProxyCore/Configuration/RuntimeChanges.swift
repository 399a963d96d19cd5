/// What a person changed while the daemon ran; it is kept in the state (contract, end of section 3).
public struct RuntimeChanges: Sendable, Equatable {
    /// A setting of the configuration that can be changed while the daemon runs.
    public enum Subject: Sendable, Hashable {
        /// `rotation.mode`.
        case rotationMode
        /// `server.dry_run`.
        case dryRun
        /// `enabled` of a `[[key]]`.
        case keyEnabled(KeyLabel)
        /// `priority` of a `[[key]]`.
        case keyPriority(KeyLabel)
        /// `weight` of a `[[key]]`.
        case keyWeight(KeyLabel)
        /// `rps`, `rpm`, `tpm` or `in_flight` of a `[[key]]`.
        case keyLimit(KeyLabel, Configuration.Key.Limit)

        /// Everything of a key that can be changed.
        public static func all(of label: KeyLabel) -> [Subject] {
            [.keyEnabled(label), .keyPriority(label), .keyWeight(label)]
                + Configuration.Key.Limit.allCases.map { .keyLimit(label, $0) }
        }

        /// The setting's name: `rotation.mode`, `key.alpha.weight`.
        public var text: String {
            switch self {
            case .rotationMode: "rotation.mode"
            case .dryRun: "server.dry_run"
            case .keyEnabled(let label): "key.\(label).enabled"
            case .keyPriority(let label): "key.\(label).priority"
            case .keyWeight(let label): "key.\(label).weight"
            case .keyLimit(let label, let limit): "key.\(label).\(limit.rawValue)"
            }
        }

        /// Reads the setting's name; `nil` if it is none that can be changed.
        public init?(_ text: String) {
            switch text {
            case "rotation.mode": self = .rotationMode
            case "server.dry_run": self = .dryRun
            default:
                // A label may hold dots, the setting's name does not.
                guard text.hasPrefix("key."), let dot = text.lastIndex(of: "."),
                    text.index(text.startIndex, offsetBy: 4) <= dot,
                    let label = KeyLabel(String(text[text.index(text.startIndex, offsetBy: 4)..<dot]))
                else { return nil }
                let name = String(text[text.index(after: dot)...])
                switch name {
                case "enabled": self = .keyEnabled(label)
                case "priority": self = .keyPriority(label)
                case "weight": self = .keyWeight(label)
                default:
                    guard let limit = Configuration.Key.Limit(rawValue: name) else { return nil }
                    self = .keyLimit(label, limit)
                }
            }
        }
    }

    /// One changed setting.
    public struct Override: Sendable, Equatable {
        /// What it is now, as the configuration file would write it, without quotes.
        public var value: String
        /// What the file said when it was changed; once the file says something else, the file wins.
        public var fileValue: String

        /// Makes an override.
        public init(value: String, fileValue: String) {
            self.value = value
            self.fileValue = fileValue
        }
    }

    /// Where a secret lies that was handed over at run time.
    public enum SecretPlace: String, Sendable, CaseIterable {
        /// In `secrets/` of the state directory, in a file of the key's label.
        case files = "files"
        /// In the person's Secret Service.
        case secretService = "secret-service"
    }

    /// A key that was added; its secret is kept under its label.
    public struct AddedKey: Sendable, Equatable {
        /// The key's label.
        public var label: KeyLabel
        /// The provider that it is sent to.
        public var provider: ProviderName
        /// Higher ones are chosen first.
        public var priority = 0
        /// The share in the mode `weighted`, at least 1.
        public var weight = 1
        /// Whether the key takes part.
        public var enabled = true
        /// The models that it serves; empty for all.
        public var models: [ModelName] = []
        /// What the daemon keeps it to; at least 1 each, absent for no limit.
        public var limits: [Configuration.Key.Limit: Int] = [:]
        /// The e-mail address of the account, as a person told it; `nil` if nobody did (K-036).
        public var account: String?
        /// Where its secret lies.
        public var secretPlace = SecretPlace.files
        /// When it was added.
        public var addedAt: WallTime

        /// Makes an enabled key without limits.
        public init(label: KeyLabel, provider: ProviderName, addedAt: WallTime) {
            self.label = label
            self.provider = provider
            self.addedAt = addedAt
        }
    }

    /// A client that was made; its token is known as a keyed hash only.
    public struct CreatedClient: Sendable, Equatable {
        /// The client's name.
        public var name: ClientName
        /// The keyed hash of its token: 32 bytes.
        public var tokenDigest: [UInt8]
        /// What the token is good for.
        public var scopes: Set<Configuration.Client.Scope> = [.inference]
        /// The models that it may ask for; empty for all.
        public var models: [ModelName] = []
        /// The routes that it may call, as ``RoutePattern`` has them; empty for all.
        public var routes: [String] = []
        /// The projects that it may name; empty for all.
        public var projects: [String] = []
        /// The project of its requests that name none; `nil` for none.
        public var project: String?
        /// Its limits; those that are not there do not limit.
        public var limits: [Configuration.Key.Limit: Int] = [:]
        /// When the token ends; `nil` for never.
        public var expires: WallTime?
        /// When it was made.
        public var createdAt: WallTime

        /// Makes a client for all models that never ends.
        public init(name: ClientName, tokenDigest: [UInt8], createdAt: WallTime) {
            self.name = name
            self.tokenDigest = tokenDigest
            self.createdAt = createdAt
        }
    }

    /// The secret of a key that was removed, which may lie where it was: the key is gone for good once its row is.
    public struct AbandonedSecret: Sendable, Hashable {
        /// The label of the key.
        public var label: KeyLabel
        /// Where the secret lay.
        public var place: SecretPlace

        /// Names the secret of a key.
        public init(label: KeyLabel, place: SecretPlace) {
            self.label = label
            self.place = place
        }
    }

    /// The changed settings.
    public var overrides: [Subject: Override] = [:]
    /// The added keys, in the order in which they were added.
    public var keys: [AddedKey] = []
    /// The clients that were made, in the order in which they were made.
    public var clients: [CreatedClient] = []

    /// The providers that were added, in the order in which they were added.
    public var providers: [AddedProvider] = []
    /// Secrets that nobody needs any more and that may not be removed yet.
    public var abandonedSecrets: [AbandonedSecret] = []

    /// Nothing was changed.
    public init() {}
}
