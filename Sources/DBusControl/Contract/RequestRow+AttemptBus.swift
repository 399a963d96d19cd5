import DBusKit

extension RequestRow.Attempt {
    /// The names in the dictionary of an attempt.
    public enum Field: String, Sendable, CaseIterable {
        /// ``RequestRow/Attempt/key``.
        case key = "key"
        /// ``RequestRow/Attempt/provider``.
        case provider = "provider"
        /// ``RequestRow/Attempt/errorClass``.
        case errorClass = "class"
        /// ``RequestRow/Attempt/status``.
        case status = "status"
        /// ``RequestRow/Attempt/duration``.
        case duration = "duration_us"
        /// ``RequestRow/Attempt/selection``.
        case selection = "selection"
        /// ``RequestRow/Attempt/isPossiblyBilled``.
        case isPossiblyBilled = "possibly_billed"
        /// ``RequestRow/Attempt/decidedBy``.
        case decidedBy = "decided_by"
        /// ``RequestRow/Attempt/waited``.
        case waited = "waited_us"
        /// ``RequestRow/Attempt/passedOver``.
        case passedOver = "passed_over"
        /// ``RequestRow/Attempt/model``.
        case model = "model"
        /// ``RequestRow/Attempt/tokens``.
        case tokens = "tokens"
        /// ``RequestRow/Attempt/quality``.
        case quality = "quality"
        /// ``RequestRow/Attempt/isInconsistent``.
        case isInconsistent = "inconsistent"
        /// ``RequestRow/Attempt/cost``; left out while it is unknown.
        case cost = "cost_pico_usd"
        /// ``RequestRow/Attempt/pricing``.
        case pricing = "pricing"
        /// ``RequestRow/Attempt/priceVersion``.
        case priceVersion = "price_version"
    }

    /// The attempt as messages carry it, `a{sv}`.
    var busValue: BusValue {
        var fields: [String: BusValue] = [:]
        for field in Field.allCases { fields[field.rawValue] = self.value(of: field) }
        return .variants(fields)
    }

    private func value(of field: Field) -> BusValue? {
        switch field {
        case .key: .text(self.key)
        case .provider: .text(self.provider)
        case .errorClass: .text(self.errorClass)
        case .status: .uint32(self.status)
        case .duration: .uint64(self.duration)
        case .selection: .text(self.selection)
        case .isPossiblyBilled: .boolean(self.isPossiblyBilled)
        case .decidedBy: .text(self.decidedBy)
        case .waited: .uint64(self.waited)
        case .passedOver: .textsByName(self.passedOver)
        case .model: .text(self.model)
        case .tokens: .counts(self.tokens)
        case .quality: .text(self.quality)
        case .isInconsistent: .boolean(self.isInconsistent)
        case .cost: self.cost.map { .int64($0) }
        case .pricing: .text(self.pricing)
        case .priceVersion: .text(self.priceVersion)
        }
    }

    init?(busValue: BusValue) {
        guard let fields = busValue.asDictionary else { return nil }
        self.init()
        let reader = FieldReader<Field>(fields)
        do {
            try reader.read(.key, into: &self.key, \.asString)
            try reader.read(.provider, into: &self.provider, \.asString)
            try reader.read(.errorClass, into: &self.errorClass, \.asString)
            try reader.read(.status, into: &self.status, \.asUInt32)
            try reader.read(.duration, into: &self.duration, \.asUInt64)
            try reader.read(.selection, into: &self.selection, \.asString)
            try reader.read(.isPossiblyBilled, into: &self.isPossiblyBilled, \.asBoolean)
            try reader.read(.decidedBy, into: &self.decidedBy, \.asString)
            try reader.read(.waited, into: &self.waited, \.asUInt64)
            try reader.read(.passedOver, into: &self.passedOver, \.asTextsByName)
            try reader.read(.model, into: &self.model, \.asString)
            try reader.read(.tokens, into: &self.tokens, \.asCounts)
            try reader.read(.quality, into: &self.quality, \.asString)
            try reader.read(.isInconsistent, into: &self.isInconsistent, \.asBoolean)
            try reader.read(.cost, into: &self.cost) { $0.asInt64.map(Optional.some) }
            try reader.read(.pricing, into: &self.pricing, \.asString)
            try reader.read(.priceVersion, into: &self.priceVersion, \.asString)
        } catch {
            // The row that holds the attempt says that its attempts are wrong.
            return nil
        }
    }
}
