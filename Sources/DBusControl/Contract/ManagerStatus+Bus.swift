public import DBusKit

extension ManagerStatus {
    /// One property as messages carry it.
    public func value(of property: ManagerInterface.Property) -> BusValue {
        switch property {
        case .version: .text(self.version)
        case .commit: .text(self.commit)
        case .builtAt: .uint64(self.builtAt)
        case .state: .text(self.state)
        case .degraded: .texts(self.degraded)
        case .listeners: .texts(self.listeners)
        case .rotationMode: .text(self.rotationMode)
        case .activeKey: .text(self.activeKey)
        case .dryRun: .boolean(self.dryRun)
        case .startedAt: .uint64(self.startedAt)
        case .keysTotal: .uint32(self.keysTotal)
        case .keysUsable: .uint32(self.keysUsable)
        case .requestsInFlight: .uint32(self.requestsInFlight)
        case .nextUsableAt: .uint64(self.nextUsableAt)
        case .warnings: .texts(self.warnings)
        case .jobs: JobStatus.busValue(of: self.jobs)
        }
    }

    /// All properties, by name.
    public var busProperties: [String: BusValue] {
        ManagerInterface.Property.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.value(of: $1) }
    }

    /// Reads the properties of `GetAll` or `GetManagedObjects`; those that are missing keep their defaults.
    ///
    /// Fails with `invalidArgument` if one is not of the contract's type.
    public init(busProperties: [String: BusValue]) throws(ControlFault) {
        self.init()
        let reader = FieldReader<ManagerInterface.Property>(busProperties)
        try reader.read(.version, into: &self.version, \.asString)
        try reader.read(.commit, into: &self.commit, \.asString)
        try reader.read(.builtAt, into: &self.builtAt, \.asUInt64)
        try reader.read(.state, into: &self.state, \.asString)
        try reader.read(.degraded, into: &self.degraded, \.asStrings)
        try reader.read(.listeners, into: &self.listeners, \.asStrings)
        try reader.read(.rotationMode, into: &self.rotationMode, \.asString)
        try reader.read(.activeKey, into: &self.activeKey, \.asString)
        try reader.read(.dryRun, into: &self.dryRun, \.asBoolean)
        try reader.read(.startedAt, into: &self.startedAt, \.asUInt64)
        try reader.read(.keysTotal, into: &self.keysTotal, \.asUInt32)
        try reader.read(.keysUsable, into: &self.keysUsable, \.asUInt32)
        try reader.read(.requestsInFlight, into: &self.requestsInFlight, \.asUInt32)
        try reader.read(.nextUsableAt, into: &self.nextUsableAt, \.asUInt64)
        try reader.read(.warnings, into: &self.warnings, \.asStrings)
        if let jobs = busProperties[ManagerInterface.Property.jobs.rawValue] {
            self.jobs = try JobStatus.jobs(busValue: jobs)
        }
    }
}
