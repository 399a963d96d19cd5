/// The merged list of models: the aliases of the configuration, then what each provider offers.
public struct ModelCatalogue: Sendable, Equatable {
    /// What one provider offers.
    public struct Offer: Sendable, Equatable {
        /// The provider's name.
        public var provider: String
        /// Its models, in its own order.
        public var models: [ModelEntry]

        /// Makes an offer.
        public init(provider: String, models: [ModelEntry]) {
            self.provider = provider
            self.models = models
        }
    }

    /// Whose models aliases are said to be.
    public static let aliasOwner = "kmi"

    /// The models, each id once.
    public let entries: [ModelEntry]

    /// Merges aliases and offers in their order; of models with the same id the first counts, aliases before all.
    public init(aliases: some Sequence<String>, offers: some Sequence<Offer>) {
        var seen: Set<String> = []
        var entries: [ModelEntry] = []
        for alias in aliases where seen.insert(alias).inserted {
            entries.append(ModelEntry(id: alias, owner: Self.aliasOwner))
        }
        for offer in offers {
            for model in offer.models where seen.insert(model.id).inserted {
                var entry = model
                entry.owner = model.owner ?? offer.provider
                entries.append(entry)
            }
        }
        self.entries = entries
    }

    private init(entries: [ModelEntry]) {
        self.entries = entries
    }

    /// The part of the list that a client with a model list may see; an empty list allows all.
    public func filtered(by allowed: some Collection<String>) -> ModelCatalogue {
        guard !allowed.isEmpty else { return self }
        let allowed = Set(allowed)
        return ModelCatalogue(entries: self.entries.filter { allowed.contains($0.id) })
    }

    /// The entry of an id.
    public subscript(id: String) -> ModelEntry? {
        self.entries.first { $0.id == id }
    }

    /// The list as JSON in the caller's dialect.
    public func renderList(in dialect: Dialect) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 64 + 112 * self.entries.count)
        json.raw(dialect.usesAnthropicEnvelope ? #"{"data":["# : #"{"object":"list","data":["#)
        for (index, entry) in self.entries.enumerated() {
            if index > 0 { json.raw(",") }
            entry.write(to: &json, dialect: dialect)
        }
        json.raw("]")
        if dialect.usesAnthropicEnvelope {
            json.raw(#","has_more":false,"first_id":"#)
            Self.writeID(self.entries.first, to: &json)
            json.raw(#","last_id":"#)
            Self.writeID(self.entries.last, to: &json)
        }
        json.raw("}")
        return json.bytes
    }

    private static func writeID(_ entry: ModelEntry?, to json: inout JSONWriter) {
        if let entry { json.string(entry.id) } else { json.raw("null") }
    }
}

extension ModelEntry {
    /// The entry as JSON in the caller's dialect.
    public func render(in dialect: Dialect) -> [UInt8] {
        var json = JSONWriter()
        self.write(to: &json, dialect: dialect)
        return json.bytes
    }

    fileprivate func write(to json: inout JSONWriter, dialect: Dialect) {
        if dialect.usesAnthropicEnvelope {
            json.raw(#"{"type":"model","id":"#)
            json.string(self.id)
            json.raw(#","display_name":"#)
            json.string(self.displayName ?? self.id)
            json.raw(#","created_at":"#)
            json.string((self.created ?? WallTime(microseconds: 0)).rfc3339)
        } else {
            json.raw(#"{"id":"#)
            json.string(self.id)
            json.raw(#","object":"model","created":"#)
            json.number((self.created?.microseconds ?? 0) / 1_000_000)
            json.raw(#","owned_by":"#)
            json.string(self.owner ?? ModelCatalogue.aliasOwner)
        }
        json.raw("}")
    }
}
