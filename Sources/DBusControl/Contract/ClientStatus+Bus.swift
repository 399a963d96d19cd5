public import DBusKit

extension ClientStatus {
    /// One property as messages carry it.
    public func value(of property: ClientInterface.Property) -> BusValue {
        switch property {
        case .name: .text(self.name)
        case .scopes: .texts(self.scopes)
        case .models: .texts(self.models)
        case .routes: .texts(self.routes)
        case .projects: .texts(self.projects)
        case .limits: self.limits.busValue
        case .project: .text(self.project)
        case .origin: .text(self.origin)
        case .expiresAt: .uint64(self.expiresAt)
        case .lastSeenAt: .uint64(self.lastSeenAt)
        case .requests: .uint64(self.requests)
        }
    }

    /// All properties, by name.
    public var busProperties: [String: BusValue] {
        ClientInterface.Property.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.value(of: $1) }
    }

    /// Reads the properties of `GetAll` or `GetManagedObjects`; those that are missing keep their defaults.
    ///
    /// Fails with `invalidArgument` if one is not of the contract's type.
    public init(busProperties: [String: BusValue]) throws(ControlFault) {
        self.init()
        let reader = FieldReader<ClientInterface.Property>(busProperties)
        try reader.read(.name, into: &self.name, \.asString)
        try reader.read(.scopes, into: &self.scopes, \.asStrings)
        try reader.read(.models, into: &self.models, \.asStrings)
        try reader.read(.routes, into: &self.routes, \.asStrings)
        try reader.read(.projects, into: &self.projects, \.asStrings)
        try reader.read(.limits, into: &self.limits, KeyLimits.init(told:))
        try reader.read(.project, into: &self.project, \.asString)
        try reader.read(.origin, into: &self.origin, \.asString)
        try reader.read(.expiresAt, into: &self.expiresAt, \.asUInt64)
        try reader.read(.lastSeenAt, into: &self.lastSeenAt, \.asUInt64)
        try reader.read(.requests, into: &self.requests, \.asUInt64)
    }
}
