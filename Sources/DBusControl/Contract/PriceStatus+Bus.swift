public import DBusKit

extension PriceStatus {
    /// The names in the dictionary of `GetPrices`, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``PriceStatus/version``.
        case version = "version"
        /// ``PriceStatus/effectiveDate``.
        case effectiveDate = "effective_date"
        /// ``PriceStatus/sha256``.
        case sha256 = "sha256"
        /// ``PriceStatus/models``.
        case models = "models"
        /// ``PriceStatus/source``.
        case source = "source"
        /// ``PriceStatus/ageDays``; left out while it is unknown.
        case ageDays = "age_days"
        /// Whether there is a ``PriceStatus/Finding/entry``; left out where no model was asked for, as in what follows.
        case isFound = "found"
        /// ``PriceStatus/Finding/provider``.
        case provider = "provider"
        /// ``PriceStatus/Finding/basis``.
        case basis = "basis"
        /// ``PriceStatus/Entry/name``; left out without an entry.
        case name = "name"
        /// ``PriceStatus/Entry/prices``; left out without an entry.
        case prices = "prices_pico_usd"
    }

    /// The table as messages carry it, `a{sv}`.
    public var busValue: BusValue {
        var fields: [String: BusValue] = [:]
        for field in Field.allCases { fields[field.rawValue] = self.value(of: field) }
        return .variants(fields)
    }

    /// Reads the dictionary of `GetPrices` and `ImportPrices`; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    public init(busValue: BusValue) throws(ControlFault) {
        guard let fields = busValue.asDictionary else {
            throw ControlFault(.invalidArgument, "prices are not of the contract's type")
        }
        self.init()
        let reader = FieldReader<Field>(fields)
        try reader.read(.version, into: &self.version, \.asString)
        try reader.read(.effectiveDate, into: &self.effectiveDate, \.asString)
        try reader.read(.sha256, into: &self.sha256, \.asString)
        try reader.read(.models, into: &self.models, \.asUInt32)
        try reader.read(.source, into: &self.source, \.asString)
        try reader.read(.ageDays, into: &self.ageDays) { $0.asUInt32.map(Optional.some) }
        var isFound: Bool?
        var finding = Finding(provider: "", basis: "", entry: nil)
        var entry = Entry(name: "", prices: [:])
        try reader.read(.isFound, into: &isFound) { $0.asBoolean.map(Optional.some) }
        try reader.read(.provider, into: &finding.provider, \.asString)
        try reader.read(.basis, into: &finding.basis, \.asString)
        try reader.read(.name, into: &entry.name, \.asString)
        try reader.read(.prices, into: &entry.prices, \.asCounts)
        guard let isFound else { return }
        finding.entry = isFound ? entry : nil
        self.finding = finding
    }

    private func value(of field: Field) -> BusValue? {
        switch field {
        case .version: .text(self.version)
        case .effectiveDate: .text(self.effectiveDate)
        case .sha256: .text(self.sha256)
        case .models: .uint32(self.models)
        case .source: .text(self.source)
        case .ageDays: self.ageDays.map { .uint32($0) }
        case .isFound: self.finding.map { .boolean($0.entry != nil) }
        case .provider: self.finding.map { .text($0.provider) }
        case .basis: self.finding.map { .text($0.basis) }
        case .name: self.finding?.entry.map { .text($0.name) }
        case .prices: self.finding?.entry.map { .counts($0.prices) }
        }
    }
}

extension PriceQuery {
    /// The options of `GetPrices`.
    private enum Option: String, ControlOption {
        case model = "model"
        case provider = "provider"
    }

    /// The options as messages carry them, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue {
        var options: [String: BusValue] = [:]
        options[Option.model.rawValue] = self.model.map { .text($0) }
        options[Option.provider.rawValue] = self.provider.map { .text($0) }
        return .variants(options)
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.model = try reader.model(.model)
        self.provider = try reader.label(.provider)
        guard self.model != nil || self.provider == nil else {
            throw ControlFault(.invalidArgument, "option provider: expected with the option model only")
        }
    }
}
