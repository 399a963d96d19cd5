import ProxyCore

/// Reads documents and the environment into values, one after the other, and notes everything that is wrong.
struct ConfigurationReader: Sendable {
    /// What the tables that are no lists amount to.
    var configuration = Configuration()
    /// Where the keys of these tables were set last.
    var origins: [String: ConfigurationOrigin] = [:]
    /// What was written there.
    var values: [String: ConfigurationNode] = [:]
    /// The lists of tables, those of later files behind those of earlier ones.
    var clients: [Entry<ClientDraft>] = []
    var providers: [Entry<ProviderDraft>] = []
    var keys: [Entry<KeyDraft>] = []
    var models: [Entry<ModelDraft>] = []
    /// What is wrong.
    var problems: [ConfigurationProblem] = []
    /// What is worth knowing.
    var warnings: [ConfigurationProblem] = []

    /// Reads a document.
    ///
    /// Keys that it sets win over those of earlier documents.
    mutating func read(_ document: ConfigurationDocument) {
        let schema = ConfigurationSchema.document
        let place = ConfigurationPlace(node: .table(document.root), path: TOMLPath(), document: document)
        var configuration = self.configuration
        var written = Written(origins: self.origins, values: self.values)
        self.readTable(place, prefix: "", schema, into: &configuration, &written)
        self.configuration = configuration
        self.origins = written.origins
        self.values.merge(written.values) { $1 }
    }

    /// Reads the settings that stand for themselves: variables of the environment, options of the command line.
    mutating func read(_ text: String, as setting: Setting<Configuration>, from origin: ConfigurationOrigin) {
        do {
            let node = setting.shape.node(text)
            try setting.assign(node, &self.configuration)
            self.origins[setting.name] = origin
            self.values[setting.name] = node
        } catch {
            self.report(error.reason, at: origin)
        }
    }

    /// Notes a problem.
    mutating func report(_ message: String, at origin: ConfigurationOrigin) {
        self.problems.append(ConfigurationProblem(origin: origin, message: message))
    }

    /// Notes something that is worth knowing.
    mutating func warn(_ message: String, at origin: ConfigurationOrigin) {
        self.warnings.append(ConfigurationProblem(origin: origin, message: message))
    }

    // MARK: Tables

    /// What was found in a table, by the names of its keys.
    private struct Written {
        var origins: [String: ConfigurationOrigin] = [:]
        var values: [String: ConfigurationNode] = [:]

        mutating func note(_ name: String, _ place: ConfigurationPlace) {
            self.origins[name] = place.origin
            self.values[name] = place.node
        }
    }

    private mutating func readTable<Root>(
        _ place: ConfigurationPlace,
        prefix: String,
        _ schema: TableSchema<Root>,
        into root: inout Root,
        _ written: inout Written
    ) {
        guard case .table(let members) = place.node else {
            self.report("expected a table; found \(place.node.kind)", at: place.origin)
            return
        }
        for (key, node) in members.sorted(by: { $0.key < $1.key }) {
            let name = prefix.isEmpty ? key : "\(prefix).\(key)"
            let member = ConfigurationPlace(node: node, path: place.path.appending(key), document: place.document)
            // A quoted key with a dot in it is one key and never a way into a table.
            let isPlain = !key.contains(".")
            if isPlain, let setting = schema.setting(name) {
                do {
                    try setting.assign(node, &root)
                    written.note(name, member)
                } catch {
                    self.report(error.reason, at: member.origin)
                }
            } else if isPlain, let nested = schema.nested(name) {
                written.note(name, member)
                nested.read(&self, member, &root)
            } else if isPlain, schema.children(of: name) != nil {
                self.readTable(member, prefix: name, schema, into: &root, &written)
            } else {
                self.reportUnknown(key, at: member, siblings: schema.children(of: prefix) ?? [], schema)
            }
        }
    }

    private mutating func reportUnknown<Root>(
        _ key: String,
        at place: ConfigurationPlace,
        siblings: Set<String>,
        _ schema: TableSchema<Root>
    ) {
        var message = "unknown key"
        if let near = Suggestion.nearest(to: key, among: siblings) {
            message += "; did you mean \"\(near)\"?"
        } else if let other = schema.otherPlace(of: key) {
            message += "; did you mean \"\(other)\"?"
        } else {
            message += "; expected one of " + siblings.sorted().joined(separator: ", ")
        }
        self.report(message, at: place.origin)
    }

    /// Reads a list of tables, one draft for each.
    mutating func readList<Draft>(
        _ place: ConfigurationPlace,
        _ schema: TableSchema<Draft>,
        _ makeDraft: () -> Draft
    ) -> [Entry<Draft>] {
        guard case .list(let elements) = place.node else {
            let name = place.path.description
            self.report("expected a list of tables, each under [[\(name)]]; found \(place.node.kind)", at: place.origin)
            return []
        }
        guard elements.count <= 10_000 else {
            self.report("has more than 10000 entries", at: place.origin)
            return []
        }
        var entries: [Entry<Draft>] = []
        for (index, element) in elements.enumerated() {
            let member = ConfigurationPlace(
                node: element, path: place.path.appending(index: index), document: place.document)
            guard case .table(let members) = element else {
                self.report("expected a table; found \(element.kind)", at: member.origin)
                continue
            }
            var entry = Entry(draft: makeDraft(), origin: member.origin, origins: [:])
            var written = Written()
            self.readTable(member, prefix: "", schema, into: &entry.draft, &written)
            (entry.origins, entry.values) = (written.origins, written.values)
            for setting in schema.settings where setting.defaultText == nil && members[setting.name] == nil {
                self.report("\"\(setting.name)\" is missing: expected \(setting.expected)", at: member.origin)
            }
            entries.append(entry)
        }
        return entries
    }

    /// Reads `prices.override`, a table of tables by model.
    mutating func readPrices(_ place: ConfigurationPlace, into configuration: inout Configuration) {
        guard case .table(let models) = place.node else {
            self.report("expected tables [prices.override.\"MODEL\"]; found \(place.node.kind)", at: place.origin)
            return
        }
        for (key, node) in models.sorted(by: { $0.key < $1.key }) {
            let member = ConfigurationPlace(node: node, path: place.path.appending(key), document: place.document)
            guard let model = ModelName(key) else {
                self.report("expected \(ValueForm<ModelName>.model.expected)", at: member.origin)
                continue
            }
            var draft = PriceDraft()
            var written = Written()
            self.readTable(member, prefix: "", ConfigurationSchema.price, into: &draft, &written)
            self.origins["prices.override.\(model)"] = member.origin
            self.values["prices.override.\(model)"] = node
            configuration.prices.overrides.removeAll { $0.model == model }
            configuration.prices.overrides.append(.init(model: model, costs: draft.costs))
        }
        configuration.prices.overrides.sort { $0.model < $1.model }
    }
}
