extension Configuration {
    /// The table `[trace]`.
    public struct Trace: Sendable, Equatable {
        /// How long requests are kept; `nil` for no limit.
        public var keep: Duration? = .seconds(30 * 86_400)
        /// How many bytes they may take; `nil` for no limit.
        public var maxBytes: Int? = 256 << 20
        /// Whether bodies are kept as well.
        public var captureBodies = false
        /// How long audit events are kept; `nil` for no limit.
        public var auditKeep: Duration? = .seconds(365 * 86_400)

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[usage]`.
    public struct Usage: Sendable, Equatable {
        /// Whether usage is asked for in streams whose caller does not.
        public var ask = true
        /// After how long without an event the caller gets a comment or ping; `nil` for never.
        public var keepalive: Duration?
        /// How long the hourly sums of tokens and money are kept; `nil` for no limit.
        public var keep: Duration? = .seconds(730 * 86_400)

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[prices]`.
    public struct Prices: Sendable, Equatable {
        /// Prices of one model, in US dollars, by the field names of the price table.
        public struct Override: Sendable, Equatable {
            /// The model.
            public var model: ModelName
            /// US dollars per token by field, for instance `input_cost_per_token`; at least 0.
            public var costs: [String: Double]

            /// Makes an override.
            public init(model: ModelName, costs: [String: Double]) {
                self.model = model
                self.costs = costs
            }
        }

        /// Path of a price table; `nil` for the embedded one.
        public var file: String?
        /// Prices that win over the table, in order of the models' names.
        public var overrides: [Override] = []

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[storage]`.
    public struct Storage: Sendable, Equatable {
        /// How often a backup is made; `nil` for never.
        public var backup: Duration? = .seconds(86_400)
        /// How many backups are kept; `nil` for all.
        public var backupsKept: Int? = 7

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[control]`.
    public struct Control: Sendable, Equatable {
        /// The bus that the daemon is steered over.
        public enum Bus: Sendable, Equatable {
            /// The user's session bus.
            case session
            /// The machine's system bus.
            case system
            /// None.
            case none
            /// A bus at an address of the D-Bus specification, such as `unix:path=/run/user/1000/bus`.
            case address(String)
        }

        /// The bus.
        public var bus = Bus.session
        /// Whether the configuration is read again by itself when its files change.
        public var watch = true

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[notifications]`.
    public struct Notifications: Sendable, Equatable {
        /// Whether the desktop shows what needs a person.
        public var desktop = true
        /// The share of requests that fail through no fault of their callers, from which a warning is raised; `nil` for never.
        public var errorRate: Double? = 0.5

        /// Makes the defaults.
        public init() {}
    }

    /// The table `[log]`.
    public struct Log: Sendable, Equatable {
        /// The least urgent messages that are written, by the names of swift-log.
        public enum Level: String, Sendable, CaseIterable {
            /// Every step.
            case trace
            /// For finding faults.
            case debug
            /// What happens.
            case info
            /// What a person may want to know.
            case notice
            /// What may become a fault.
            case warning
            /// What failed.
            case error
            /// What ends the daemon.
            case critical
        }

        /// How messages are written.
        public enum Format: String, Sendable, CaseIterable {
            /// The journal when started by systemd, text on a terminal, JSON otherwise.
            case automatic = "auto"
            /// Entries of the journal.
            case journal
            /// Lines for people.
            case text
            /// One JSON object per line.
            case json
        }

        /// The least urgent messages that are written.
        public var level = Level.info
        /// How they are written.
        public var format = Format.automatic

        /// Makes the defaults.
        public init() {}
    }
}
