public import DBusKit

// What methods take and answer, and what signals carry.

extension ManagerInterface.Method {
    /// The method with its arguments.
    public var description: MethodDescription {
        MethodDescription(name: self.member, input: self.input, output: self.output)
    }

    private var input: [ArgumentDescription] {
        switch self {
        case .addKey: .list(("label", "s"), ("provider", "s"), ("secret", "h"), ("options", "a{sv}"))
        case .removeKey: .list(("label", "s"))
        case .addProvider: .list(("name", "s"), ("kind", "s"), ("base_url", "s"), ("options", "a{sv}"))
        case .removeProvider: .list(("name", "s"))
        case .rotate, .refreshUsage, .subscribe, .getUsage, .getPrices, .getConfig, .backup, .diagnose:
            .list(("options", "a{sv}"))
        case .importPrices: .list(("file", "h"))
        case .explainRoute: .list(("model", "s"), ("options", "a{sv}"))
        case .createClient: .list(("name", "s"), ("options", "a{sv}"))
        case .revokeClient: .list(("name", "s"))
        case .listRequests, .summarizeRequests, .listAudit: .list(("filter", "a{sv}"))
        case .getRequest: .list(("id", "s"))
        case .resetKeys, .reload, .checkConfig, .drain, .metrics, .unsubscribe: []
        }
    }

    private var output: [ArgumentDescription] {
        switch self {
        case .addKey: .list(("key", "o"))
        case .rotate: .list(("key", "s"), ("reason", "s"))
        case .resetKeys, .refreshUsage: .list(("count", "u"))
        case .createClient: .list(("client", "o"), ("token", "h"))
        case .addProvider: .list(("provider", "o"))
        case .reload, .checkConfig: .list(("entries", "a(sss)"))
        case .listAudit: .list(("events", "aa{sv}"), ("cursor", "s"))
        case .backup: .list(("path", "s"))
        case .listRequests: .list(("requests", "aa{sv}"), ("cursor", "s"))
        case .getRequest: .list(("request", "a{sv}"))
        case .summarizeRequests, .explainRoute, .getUsage, .getConfig: .list(("rows", "aa{sv}"))
        case .getPrices, .importPrices: .list(("prices", "a{sv}"))
        case .diagnose: .list(("checks", "aa{sv}"))
        case .metrics: .list(("text", "s"))
        case .removeKey, .removeProvider, .revokeClient, .drain, .subscribe, .unsubscribe: []
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
        case .keyStateChanged: .list(("key", "o"), ("old", "s"), ("new", "s"), ("reason", "s"), ("usable_at", "t"))
        case .rotated: .list(("from", "s"), ("to", "s"), ("reason", "s"))
        case .requestFinished: .list(("request", "a{sv}"))
        case .configReloaded: .list(("entries", "a(sss)"))
        case .warning: .list(("code", "s"), ("message", "s"))
        }
    }
}

extension [ArgumentDescription] {
    /// Arguments by their names and types.
    fileprivate static func list(_ arguments: (name: String, signature: Signature)...) -> [ArgumentDescription] {
        arguments.map { ArgumentDescription(name: $0.name, signature: $0.signature) }
    }
}
