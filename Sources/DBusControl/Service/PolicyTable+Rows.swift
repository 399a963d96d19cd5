import DBusKit

// The rows of the daemon's own interfaces.

extension ManagerInterface.Method: PolicedMethod {
    static var interface: InterfaceName { ManagerInterface.name }

    var policy: ControlPolicy {
        switch self {
        case .listRequests, .getRequest, .summarizeRequests, .explainRoute, .getUsage, .getPrices, .metrics,
            .subscribe, .unsubscribe, .listAudit, .checkConfig, .getConfig, .diagnose:
            .read
        case .removeProvider, .backup, .drain, .removeKey, .rotate, .resetKeys, .refreshUsage, .revokeClient, .reload,
            .importPrices:
            .control
        // Where a provider is decides to whom secrets are sent.
        case .addKey, .addProvider, .createClient: .secrets
        }
    }
}

extension ManagerInterface.Property: PolicedProperty {
    static var interface: InterfaceName { ManagerInterface.name }

    var settingPolicy: ControlPolicy? {
        switch self {
        case .rotationMode, .dryRun: .control
        case .version, .commit, .builtAt, .state, .degraded, .listeners, .activeKey, .startedAt, .keysTotal,
            .keysUsable, .requestsInFlight, .nextUsableAt, .warnings, .jobs:
            nil
        }
    }
}

extension KeyInterface.Method: PolicedMethod {
    static var interface: InterfaceName { KeyInterface.name }

    var policy: ControlPolicy {
        switch self {
        case .reset, .probe: .control
        case .replaceSecret: .secrets
        }
    }
}

extension KeyInterface.Property: PolicedProperty {
    static var interface: InterfaceName { KeyInterface.name }

    var settingPolicy: ControlPolicy? {
        switch self {
        case .enabled, .priority, .weight, .limits: .control
        case .label, .provider, .state, .reason, .usableAt, .warn, .account, .origin, .masked, .fingerprint, .windows,
            .inconsistentWindows, .inFlight, .requests, .errors, .lastUsedAt, .modelStates:
            nil
        }
    }
}

extension ProviderInterface.Property: PolicedProperty {
    static var interface: InterfaceName { ProviderInterface.name }

    var settingPolicy: ControlPolicy? {
        // None of them can be set: one to come is to say so here, or what is needed for it.
        switch self {
        case .name, .kind, .baseURL, .breaker, .breakerRetryAt, .overloadedUntil, .keys, .models: nil
        }
    }
}

extension ClientInterface.Method: PolicedMethod {
    static var interface: InterfaceName { ClientInterface.name }

    var policy: ControlPolicy {
        switch self {
        case .revoke: .control
        }
    }
}

extension ClientInterface.Property: PolicedProperty {
    static var interface: InterfaceName { ClientInterface.name }

    var settingPolicy: ControlPolicy? {
        switch self {
        case .name, .project, .origin, .scopes, .models, .routes, .projects, .limits, .expiresAt, .lastSeenAt,
            .requests:
            nil
        }
    }
}

extension LogControlInterface.Property: PolicedProperty {
    static var interface: InterfaceName { LogControlInterface.name }

    var settingPolicy: ControlPolicy? {
        switch self {
        case .logLevel: .control
        case .logTarget, .syslogIdentifier: nil
        }
    }
}
