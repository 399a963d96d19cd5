public import DBusKit

/// The interface `org.kmi.Proxy1.Manager`: its names, and the types of its members.
public enum ManagerInterface {
    /// The interface's name.
    public static let name: InterfaceName = "org.kmi.Proxy1.Manager"

    /// The methods.
    public enum Method: String, ControlMember {
        /// Adds a key whose secret is read from a descriptor.
        case addKey = "AddKey"
        /// Removes a key that was added at run time.
        case removeKey = "RemoveKey"
        /// Makes the next request use another key.
        case rotate = "Rotate"
        /// Ends every rest of every key.
        case resetKeys = "ResetKeys"
        /// Adds a provider at run time.
        case addProvider = "AddProvider"
        /// Removes a provider that was added at run time.
        case removeProvider = "RemoveProvider"
        /// Makes a client and its token.
        case createClient = "CreateClient"
        /// Ends a client that was made at run time.
        case revokeClient = "RevokeClient"
        /// Reads the configuration again.
        case reload = "Reload"
        /// Tells what reading the configuration again would do.
        case checkConfig = "CheckConfig"
        /// Tells the configuration in force.
        case getConfig = "GetConfig"
        /// Lists requests that have ended.
        case listRequests = "ListRequests"
        /// Tells one request.
        case getRequest = "GetRequest"
        /// Tells how requests were spread over the keys.
        case summarizeRequests = "SummarizeRequests"
        /// Tells what would become, or became, of a request, key by key.
        case explainRoute = "ExplainRoute"
        /// Asks providers how much is left.
        case refreshUsage = "RefreshUsage"
        /// Tells what was used and what it cost.
        case getUsage = "GetUsage"
        /// Tells of the price table, and the price of a model.
        case getPrices = "GetPrices"
        /// Replaces the price table by one that is read from a descriptor.
        case importPrices = "ImportPrices"
        /// Lists what was done to the daemon, and what it refused.
        case listAudit = "ListAudit"
        /// Makes a copy of the state.
        case backup = "Backup"
        /// Ends the daemon when its requests have ended.
        case drain = "Drain"
        /// Looks for what is wrong with the daemon and its surroundings.
        case diagnose = "Diagnose"
        /// Tells the metrics.
        case metrics = "Metrics"
        /// Begins to send `RequestFinished` to the caller.
        case subscribe = "Subscribe"
        /// Ends it.
        case unsubscribe = "Unsubscribe"
    }

    /// The properties; ``ManagerStatus`` says what they mean.
    public enum Property: String, ControlMember {
        /// ``ManagerStatus/version``.
        case version = "Version"
        /// ``ManagerStatus/commit``.
        case commit = "Commit"
        /// ``ManagerStatus/builtAt``.
        case builtAt = "BuiltAt"
        /// ``ManagerStatus/state``.
        case state = "State"
        /// ``ManagerStatus/degraded``.
        case degraded = "Degraded"
        /// ``ManagerStatus/listeners``.
        case listeners = "Listeners"
        /// ``ManagerStatus/rotationMode``; can be set.
        case rotationMode = "RotationMode"
        /// ``ManagerStatus/activeKey``.
        case activeKey = "ActiveKey"
        /// ``ManagerStatus/dryRun``; can be set.
        case dryRun = "DryRun"
        /// ``ManagerStatus/startedAt``.
        case startedAt = "StartedAt"
        /// ``ManagerStatus/keysTotal``.
        case keysTotal = "KeysTotal"
        /// ``ManagerStatus/keysUsable``.
        case keysUsable = "KeysUsable"
        /// ``ManagerStatus/requestsInFlight``.
        case requestsInFlight = "RequestsInFlight"
        /// ``ManagerStatus/nextUsableAt``.
        case nextUsableAt = "NextUsableAt"
        /// ``ManagerStatus/warnings``.
        case warnings = "Warnings"
        /// ``ManagerStatus/jobs``.
        case jobs = "Jobs"
    }

    /// The signals.
    public enum Signal: String, ControlMember {
        /// A key has changed its state.
        case keyStateChanged = "KeyStateChanged"
        /// Requests go to another key.
        case rotated = "Rotated"
        /// A request has ended; sent to subscribers only.
        case requestFinished = "RequestFinished"
        /// The configuration was read again.
        case configReloaded = "ConfigReloaded"
        /// Something needs a person.
        case warning = "Warning"
    }

    /// The interface as it is exported and introspected.
    public static let description = InterfaceDescription(
        name: Self.name,
        methods: Method.allCases.map(\.description),
        properties: Property.allCases.map(\.description),
        signals: Signal.allCases.map(\.description)
    )
}

extension ManagerInterface.Property {
    /// The property with its type, who may set it, and how its changes are announced.
    public var description: PropertyDescription {
        switch self {
        case .version, .commit: self.described("s", change: .const)
        case .startedAt, .builtAt: self.described("t", change: .const)
        case .state, .activeKey: self.described("s")
        case .degraded, .listeners, .warnings: self.described("as")
        case .rotationMode: self.described("s", access: .readWrite)
        case .dryRun: self.described("b", access: .readWrite)
        case .keysTotal, .keysUsable: self.described("u")
        case .nextUsableAt: self.described("t")
        // Moves with each request.
        case .requestsInFlight: self.described("u", change: .silent)
        // With each run of a job.
        case .jobs: self.described("aa{sv}", change: .silent)
        }
    }
}

extension ControlMember {
    /// A property of this name that can be read and is announced, unless told otherwise.
    func described(
        _ signature: Signature,
        access: PropertyDescription.Access = .read,
        change: PropertyDescription.Change = .announced
    ) -> PropertyDescription {
        PropertyDescription(name: self.member, signature: signature, access: access, change: change)
    }
}
