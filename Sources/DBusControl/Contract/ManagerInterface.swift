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
        /// Makes a client and its token.
        case createClient = "CreateClient"
        /// Ends a client that was made at run time.
        case revokeClient = "RevokeClient"
        /// Reads the configuration again.
        case reload = "Reload"
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

extension ManagerInterface.Method {
    /// The method with its arguments.
    public var description: MethodDescription {
        MethodDescription(name: self.member, input: self.input, output: self.output)
    }

    private var input: [ArgumentDescription] {
        let options = ArgumentDescription(name: "options", signature: "a{sv}")
        switch self {
        case .addKey:
            return [
                ArgumentDescription(name: "label", signature: "s"),
                ArgumentDescription(name: "provider", signature: "s"),
                ArgumentDescription(name: "secret", signature: "h"),
                options,
            ]
        case .removeKey: return [ArgumentDescription(name: "label", signature: "s")]
        case .rotate, .refreshUsage, .subscribe, .getUsage, .getPrices: return [options]
        case .importPrices: return [ArgumentDescription(name: "file", signature: "h")]
        case .explainRoute: return [ArgumentDescription(name: "model", signature: "s"), options]
        case .createClient: return [ArgumentDescription(name: "name", signature: "s"), options]
        case .revokeClient: return [ArgumentDescription(name: "name", signature: "s")]
        case .listRequests, .summarizeRequests: return [ArgumentDescription(name: "filter", signature: "a{sv}")]
        case .getRequest: return [ArgumentDescription(name: "id", signature: "s")]
        case .resetKeys, .reload, .metrics, .unsubscribe: return []
        }
    }

    private var output: [ArgumentDescription] {
        switch self {
        case .addKey: [ArgumentDescription(name: "key", signature: "o")]
        case .rotate:
            [
                ArgumentDescription(name: "key", signature: "s"),
                ArgumentDescription(name: "reason", signature: "s"),
            ]
        case .resetKeys, .refreshUsage: [ArgumentDescription(name: "count", signature: "u")]
        case .createClient:
            [
                ArgumentDescription(name: "client", signature: "o"),
                ArgumentDescription(name: "token", signature: "h"),
            ]
        case .reload: [ArgumentDescription(name: "entries", signature: "a(sss)")]
        case .listRequests:
            [
                ArgumentDescription(name: "requests", signature: "aa{sv}"),
                ArgumentDescription(name: "cursor", signature: "s"),
            ]
        case .getRequest: [ArgumentDescription(name: "request", signature: "a{sv}")]
        case .summarizeRequests, .explainRoute, .getUsage: [ArgumentDescription(name: "rows", signature: "aa{sv}")]
        case .getPrices, .importPrices: [ArgumentDescription(name: "prices", signature: "a{sv}")]
        case .metrics: [ArgumentDescription(name: "text", signature: "s")]
        case .removeKey, .revokeClient, .subscribe, .unsubscribe: []
        }
    }
}

extension ManagerInterface.Property {
    /// The property with its type, who may set it, and how its changes are announced.
    public var description: PropertyDescription {
        switch self {
        case .version: self.described("s", change: .const)
        case .startedAt: self.described("t", change: .const)
        case .state, .activeKey: self.described("s")
        case .degraded, .listeners, .warnings: self.described("as")
        case .rotationMode: self.described("s", access: .readWrite)
        case .dryRun: self.described("b", access: .readWrite)
        case .keysTotal, .keysUsable: self.described("u")
        case .nextUsableAt: self.described("t")
        // Moves with each request.
        case .requestsInFlight: self.described("u", change: .silent)
        }
    }
}

extension ManagerInterface.Signal {
    /// The signal with its arguments.
    public var description: SignalDescription {
        SignalDescription(name: self.member, arguments: self.arguments)
    }

    private var arguments: [ArgumentDescription] {
        switch self {
        case .keyStateChanged:
            [
                ArgumentDescription(name: "key", signature: "o"),
                ArgumentDescription(name: "old", signature: "s"),
                ArgumentDescription(name: "new", signature: "s"),
                ArgumentDescription(name: "reason", signature: "s"),
                ArgumentDescription(name: "usable_at", signature: "t"),
            ]
        case .rotated:
            [
                ArgumentDescription(name: "from", signature: "s"),
                ArgumentDescription(name: "to", signature: "s"),
                ArgumentDescription(name: "reason", signature: "s"),
            ]
        case .requestFinished: [ArgumentDescription(name: "request", signature: "a{sv}")]
        case .configReloaded: [ArgumentDescription(name: "entries", signature: "a(sss)")]
        case .warning:
            [
                ArgumentDescription(name: "code", signature: "s"), ArgumentDescription(name: "message", signature: "s"),
            ]
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
