public import DBusKit

extension KeyOptions {
    /// The options of `AddKey`.
    private enum Option: String, ControlOption {
        case priority = "priority"
        case weight = "weight"
        case enabled = "enabled"
        case models = "models"
        case rps = "rps"
        case rpm = "rpm"
        case tpm = "tpm"
        case inFlight = "in_flight"
        case account = "account"
        case store = "store"
    }

    /// What a weight has to be, in words.
    private static let weightRule = "u, at least 1"

    /// The options as messages carry them, `a{sv}`.
    public var busValue: BusValue {
        var options: [String: BusValue] = [
            Option.priority.rawValue: .int32(self.priority),
            Option.weight.rawValue: .uint32(self.weight),
            Option.enabled.rawValue: .boolean(self.enabled),
            Option.models.rawValue: .texts(self.models),
        ]
        // What is not asked for is left out.
        for (kind, limit) in self.limits.values { options[kind.rawValue] = .uint32(limit) }
        if !self.account.isEmpty { options[Option.account.rawValue] = .text(self.account) }
        if self.store != .auto { options[Option.store.rawValue] = .text(self.store.rawValue) }
        return .variants(options)
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.priority = try reader.value(.priority, expected: "i", \.asInt32) ?? self.priority
        self.weight =
            try reader.value(.weight, expected: Self.weightRule) {
                $0.asUInt32.flatMap { $0 >= 1 ? $0 : nil }
            } ?? self.weight
        self.enabled = try reader.value(.enabled, expected: "b", \.asBoolean) ?? self.enabled
        self.models = try reader.models(.models) ?? []
        for (option, kind) in [(Option.rps, KeyLimits.Kind.rps), (.rpm, .rpm), (.tpm, .tpm), (.inFlight, .inFlight)] {
            let limit = try reader.value(option, expected: "u, 0 for no limit", \.asUInt32)
            if let limit { self.limits[kind] = limit }
        }
        self.account =
            try reader.value(.account, expected: "s, an e-mail address of at most 254 characters") {
                $0.asString.flatMap { ControlText.isMailAddress($0) ? $0 : nil }
            } ?? ""
        let stores = Store.allCases.map(\.rawValue).joined(separator: ", ")
        self.store =
            try reader.value(.store, expected: "s, one of \(stores)") { $0.asString.flatMap(Store.init(rawValue:)) }
            ?? .auto
    }

    /// Refuses a weight of 0, which no key may have.
    static func checkWeight(_ weight: UInt32) throws(ControlFault) {
        guard weight >= 1 else { throw ControlFault(.invalidArgument, "Weight: expected \(Self.weightRule)") }
    }
}

extension ClientOptions {
    /// The options of `CreateClient`.
    private enum Option: String, ControlOption {
        case scopes = "scopes"
        case models = "models"
        case routes = "routes"
        case projects = "projects"
        case rps = "rps"
        case rpm = "rpm"
        case tpm = "tpm"
        case inFlight = "in_flight"
        case expiresAt = "expires_at"
        case project = "project"
    }

    /// What a token can be good for (contract section 3).
    public static let knownScopes = ["inference", "metrics", "priority:high"]

    /// The options as messages carry them, `a{sv}`.
    public var busValue: BusValue {
        var options: [String: BusValue] = [
            Option.scopes.rawValue: .texts(self.scopes),
            Option.models.rawValue: .texts(self.models),
            Option.expiresAt.rawValue: .uint64(self.expiresAt),
        ]
        // What is not asked for is left out.
        if !self.routes.isEmpty { options[Option.routes.rawValue] = .texts(self.routes) }
        if !self.projects.isEmpty { options[Option.projects.rawValue] = .texts(self.projects) }
        for (kind, limit) in self.limits.values { options[kind.rawValue] = .uint32(limit) }
        if !self.project.isEmpty { options[Option.project.rawValue] = .text(self.project) }
        return .variants(options)
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.scopes =
            try reader.value(.scopes, expected: "as of \(Self.knownScopes.joined(separator: ", ")), each once") {
                guard let scopes = $0.asStrings, scopes.allSatisfy(Self.knownScopes.contains) else { return nil }
                return Set(scopes).count == scopes.count ? scopes : nil
            } ?? []
        self.models = try reader.models(.models) ?? []
        self.routes =
            try reader.value(.routes, expected: "as, at most 1000 of \(ControlText.routeRule)") {
                guard let routes = $0.asStrings, routes.count <= 1000 else { return nil }
                return routes.allSatisfy(ControlText.isRoute) ? routes : nil
            } ?? []
        self.projects =
            try reader.value(.projects, expected: "as, at most 1000 of 1 to 256 printable ASCII characters") {
                guard let projects = $0.asStrings, projects.count <= 1000 else { return nil }
                return projects.allSatisfy(ControlText.isProject) ? projects : nil
            } ?? []
        for (option, kind) in [(Option.rps, KeyLimits.Kind.rps), (.rpm, .rpm), (.tpm, .tpm), (.inFlight, .inFlight)] {
            let limit = try reader.value(option, expected: "u, 0 for no limit", \.asUInt32)
            if let limit { self.limits[kind] = limit }
        }
        self.expiresAt = try reader.moment(.expiresAt) ?? 0
        self.project =
            try reader.value(.project, expected: "s, 1 to 256 printable ASCII characters") {
                $0.asString.flatMap { ControlText.isProject($0) ? $0 : nil }
            } ?? ""
    }
}

/// Which key, or the keys of which provider, a method is about: what `Rotate` and `RefreshUsage` take.
public struct KeySelectionOptions: Sendable, Equatable {
    /// The options of both methods.
    private enum Option: String, ControlOption {
        case key = "key"
        case provider = "provider"
    }

    /// The label of one key; `nil` leaves it open: the next one in turn, or all.
    public var key: String?
    /// The provider whose keys are meant; `nil` leaves it open: the default one, or all.
    public var provider: String?

    /// Leaves both open.
    public init() {}

    /// The options as messages carry them, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue {
        var options: [String: BusValue] = [:]
        options[Option.key.rawValue] = self.key.map { .text($0) }
        options[Option.provider.rawValue] = self.provider.map { .text($0) }
        return .variants(options)
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.key = try reader.label(.key)
        self.provider = try reader.label(.provider)
    }
}
