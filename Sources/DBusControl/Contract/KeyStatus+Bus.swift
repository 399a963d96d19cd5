public import DBusKit

extension KeyStatus {
    /// One property as messages carry it.
    public func value(of property: KeyInterface.Property) -> BusValue {
        switch property {
        case .label: .text(self.label)
        case .provider: .text(self.provider)
        case .state: .text(self.state)
        case .reason: .text(self.reason)
        case .usableAt: .uint64(self.usableAt)
        case .warn: .boolean(self.warn)
        case .enabled: .boolean(self.enabled)
        case .priority: .int32(self.priority)
        case .weight: .uint32(self.weight)
        case .limits: self.limits.busValue
        case .account: .text(self.account)
        case .origin: .text(self.origin)
        case .masked: .text(self.masked)
        case .fingerprint: .text(self.fingerprint)
        case .windows: .array(of: "(sddt)", self.windows.map(\.busValue))
        case .inconsistentWindows: .texts(self.inconsistentWindows)
        case .inFlight: .uint32(self.inFlight)
        case .requests: .uint64(self.requests)
        case .errors: .counts(self.errors)
        case .lastUsedAt: .uint64(self.lastUsedAt)
        case .modelStates: .array(of: "(ssst)", self.modelStates.map(\.busValue))
        }
    }

    /// All properties, by name.
    public var busProperties: [String: BusValue] {
        KeyInterface.Property.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.value(of: $1) }
    }

    /// Reads the properties of `GetAll` or `GetManagedObjects`; those that are missing keep their defaults.
    ///
    /// Fails with `invalidArgument` if one is not of the contract's type.
    public init(busProperties: [String: BusValue]) throws(ControlFault) {
        self.init()
        let reader = FieldReader<KeyInterface.Property>(busProperties)
        try reader.read(.label, into: &self.label, \.asString)
        try reader.read(.provider, into: &self.provider, \.asString)
        try reader.read(.state, into: &self.state, \.asString)
        try reader.read(.reason, into: &self.reason, \.asString)
        try reader.read(.usableAt, into: &self.usableAt, \.asUInt64)
        try reader.read(.warn, into: &self.warn, \.asBoolean)
        try reader.read(.enabled, into: &self.enabled, \.asBoolean)
        try reader.read(.priority, into: &self.priority, \.asInt32)
        try reader.read(.weight, into: &self.weight, \.asUInt32)
        try reader.read(.limits, into: &self.limits, KeyLimits.init(told:))
        try reader.read(.account, into: &self.account, \.asString)
        try reader.read(.origin, into: &self.origin, \.asString)
        try reader.read(.masked, into: &self.masked, \.asString)
        try reader.read(.fingerprint, into: &self.fingerprint, \.asString)
        try reader.read(.windows, into: &self.windows) { $0.asList(Window.init(busValue:)) }
        try reader.read(.inconsistentWindows, into: &self.inconsistentWindows, \.asStrings)
        try reader.read(.inFlight, into: &self.inFlight, \.asUInt32)
        try reader.read(.requests, into: &self.requests, \.asUInt64)
        try reader.read(.errors, into: &self.errors, \.asCounts)
        try reader.read(.lastUsedAt, into: &self.lastUsedAt, \.asUInt64)
        try reader.read(.modelStates, into: &self.modelStates) { $0.asList(ModelState.init(busValue:)) }
    }
}

extension KeyStatus.Window {
    /// The window as messages carry it, `(sddt)`.
    var busValue: BusValue {
        .structure([.text(self.name), .double(self.used), .double(self.limit), .uint64(self.resetsAt)])
    }

    init?(busValue: BusValue) {
        guard let fields = busValue.asStructure, fields.count == 4, let name = fields[0].asString,
            let used = fields[1].asDouble, let limit = fields[2].asDouble, let resetsAt = fields[3].asUInt64
        else { return nil }
        self.init(name: name, used: used, limit: limit, resetsAt: resetsAt)
    }
}

extension KeyStatus.ModelState {
    /// The state as messages carry it, `(ssst)`.
    var busValue: BusValue {
        .structure([.text(self.model), .text(self.state), .text(self.reason), .uint64(self.usableAt)])
    }

    init?(busValue: BusValue) {
        guard let fields = busValue.asStructure, fields.count == 4, let model = fields[0].asString,
            let state = fields[1].asString, let reason = fields[2].asString, let usableAt = fields[3].asUInt64
        else { return nil }
        self.init(model: model, state: state, reason: reason, usableAt: usableAt)
    }
}
