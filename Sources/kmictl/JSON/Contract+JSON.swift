import DBusControl

// What the daemon tells, as JSON: the members are named as on the bus, in lower_snake (contract sections 9 and 10),
// times are RFC 3339 or null, what is unknown is null.

extension ManagerStatus {
    /// The daemon as an object, by property.
    var json: [String: JSONValue] {
        ManagerInterface.Property.allCases.reduce(into: [:]) { $0[JSONName.of($1)] = self.json(of: $1) }
    }

    private func json(of property: ManagerInterface.Property) -> JSONValue {
        switch property {
        case .version: .string(self.version)
        case .commit: self.commit.isEmpty ? .null : .string(self.commit)
        case .builtAt: .moment(self.builtAt)
        case .state: .string(self.state)
        case .degraded: .strings(self.degraded)
        case .listeners: .strings(self.listeners)
        case .rotationMode: .string(self.rotationMode)
        case .activeKey: self.activeKey.isEmpty ? .null : .string(self.activeKey)
        case .dryRun: .boolean(self.dryRun)
        case .startedAt: .moment(self.startedAt)
        case .keysTotal: .unsigned(UInt64(self.keysTotal))
        case .keysUsable: .unsigned(UInt64(self.keysUsable))
        case .requestsInFlight: .unsigned(UInt64(self.requestsInFlight))
        case .nextUsableAt: .moment(self.nextUsableAt)
        case .warnings: .strings(self.warnings)
        case .jobs: .array(self.jobs.map(\.json))
        }
    }
}

extension JobStatus {
    /// The job as an object.
    var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) })
    }

    private func json(of field: Field) -> JSONValue {
        switch field {
        case .name: .string(self.name)
        case .isRunning: .boolean(self.isRunning)
        case .lastStart: .moment(self.lastStart)
        case .lastSuccess: .moment(self.lastSuccess)
        case .lastError: self.lastError.isEmpty ? .null : .string(self.lastError)
        case .consecutiveFailures: .unsigned(self.consecutiveFailures)
        case .failures: .unsigned(self.failures)
        case .overruns: .unsigned(self.overruns)
        case .skipped: .unsigned(self.skipped)
        case .nextRun: .moment(self.nextRun)
        }
    }
}

extension KeyStatus {
    /// The key as an object.
    var json: JSONValue {
        .object(KeyInterface.Property.allCases.reduce(into: [:]) { $0[JSONName.of($1)] = self.json(of: $1) })
    }

    private func json(of property: KeyInterface.Property) -> JSONValue {
        switch property {
        case .label: .string(self.label)
        case .provider: .string(self.provider)
        case .state: .string(self.state)
        case .reason: .string(self.reason)
        case .usableAt: .moment(self.usableAt)
        case .warn: .boolean(self.warn)
        case .enabled: .boolean(self.enabled)
        case .priority: .integer(Int64(self.priority))
        case .weight: .unsigned(UInt64(self.weight))
        case .limits: self.limits.json
        case .account: self.account.isEmpty ? .null : .string(self.account)
        case .origin: .string(self.origin)
        case .masked: .string(self.masked)
        case .fingerprint: .string(self.fingerprint)
        case .windows: .array(self.windows.map(\.json))
        case .inconsistentWindows: .strings(self.inconsistentWindows)
        case .inFlight: .unsigned(UInt64(self.inFlight))
        case .requests: .unsigned(self.requests)
        case .errors: .counts(self.errors)
        case .lastUsedAt: .moment(self.lastUsedAt)
        case .modelStates: .array(self.modelStates.map(\.json))
        }
    }
}

extension KeyStatus.Window {
    fileprivate var json: JSONValue {
        .object([
            "name": .string(self.name), "used": .number(self.used), "limit": .number(self.limit),
            "resets_at": .moment(self.resetsAt),
        ])
    }
}

extension KeyStatus.ModelState {
    fileprivate var json: JSONValue {
        .object([
            "model": .string(self.model), "state": .string(self.state), "reason": .string(self.reason),
            "usable_at": .moment(self.usableAt),
        ])
    }
}

extension ProviderStatus {
    /// How the provider is, as an object: what of it is set rather than happens is left out.
    var briefJSON: JSONValue {
        .object([
            "name": .string(self.name), "breaker": .string(self.breaker),
            "breaker_retry_at": .moment(self.breakerRetryAt), "overloaded_until": .moment(self.overloadedUntil),
        ])
    }
}

extension ExplainRow {
    /// The row as an object.
    var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) })
    }

    private func json(of field: Field) -> JSONValue {
        switch field {
        case .provider: .string(self.provider)
        case .key: .string(self.key)
        case .model: .string(self.model)
        case .isChosen: .boolean(self.isChosen)
        case .selection: .string(self.selection)
        case .state: .string(self.state)
        case .obstacle: .string(self.obstacle)
        case .reason: .string(self.reason)
        case .usableAt: .moment(self.usableAt)
        case .breaker: .string(self.breaker)
        case .candidate: .unsigned(UInt64(self.candidate))
        }
    }
}

extension RequestSummary.Row {
    /// The row as an object, with its share in the requests of its provider.
    func json(share: Double) -> JSONValue {
        .object(
            Field.allCases.reduce(into: [:]) { members, field in
                members[field.rawValue] =
                    switch field {
                    case .key: .string(self.key)
                    case .provider: .string(self.provider)
                    case .requests: .unsigned(self.requests)
                    case .share: .number(share)
                    case .isEligible: .boolean(self.isEligible)
                    case .weight: .unsigned(UInt64(self.weight))
                    }
            })
    }
}

extension KeyLimits {
    /// The limits as an object, 0 for those that there are not.
    var json: JSONValue {
        .object(Kind.allCases.reduce(into: [:]) { $0[$1.rawValue] = .unsigned(UInt64(self[$1])) })
    }
}

extension ClientStatus {
    /// The client as an object.
    var json: JSONValue {
        .object(ClientInterface.Property.allCases.reduce(into: [:]) { $0[JSONName.of($1)] = self.json(of: $1) })
    }

    private func json(of property: ClientInterface.Property) -> JSONValue {
        switch property {
        case .name: .string(self.name)
        case .scopes: .strings(self.scopes)
        case .models: .strings(self.models)
        case .routes: .strings(self.routes)
        case .projects: .strings(self.projects)
        case .limits: self.limits.json
        case .project: self.project.isEmpty ? .null : .string(self.project)
        case .origin: .string(self.origin)
        case .expiresAt: .moment(self.expiresAt)
        case .lastSeenAt: .moment(self.lastSeenAt)
        case .requests: .unsigned(self.requests)
        }
    }
}

extension ReloadEntry {
    /// The entry as an object.
    var json: JSONValue {
        .object(["key": .string(self.key), "result": .string(self.result), "reason": .string(self.reason)])
    }
}
