public import DBusKit

extension ProviderStatus {
    /// One property as messages carry it.
    public func value(of property: ProviderInterface.Property) -> BusValue {
        switch property {
        case .name: .text(self.name)
        case .kind: .text(self.kind)
        case .baseURL: .text(self.baseURL)
        case .breaker: .text(self.breaker)
        case .breakerRetryAt: .uint64(self.breakerRetryAt)
        case .overloadedUntil: .uint64(self.overloadedUntil)
        case .keys: .array(of: "o", self.keys.map { .path(ControlPath.key($0)) })
        case .models: .texts(self.models)
        }
    }

    /// All properties, by name.
    public var busProperties: [String: BusValue] {
        ProviderInterface.Property.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.value(of: $1) }
    }

    /// Reads the properties of `GetAll` or `GetManagedObjects`; those that are missing keep their defaults.
    ///
    /// Fails with `invalidArgument` if one is not of the contract's type.
    public init(busProperties: [String: BusValue]) throws(ControlFault) {
        self.init()
        let reader = FieldReader<ProviderInterface.Property>(busProperties)
        try reader.read(.name, into: &self.name, \.asString)
        try reader.read(.kind, into: &self.kind, \.asString)
        try reader.read(.baseURL, into: &self.baseURL, \.asString)
        try reader.read(.breaker, into: &self.breaker, \.asString)
        try reader.read(.breakerRetryAt, into: &self.breakerRetryAt, \.asUInt64)
        try reader.read(.overloadedUntil, into: &self.overloadedUntil, \.asUInt64)
        try reader.read(.keys, into: &self.keys) { $0.asList { $0.asPath.flatMap(ControlPath.keyLabel) } }
        try reader.read(.models, into: &self.models, \.asStrings)
    }
}
