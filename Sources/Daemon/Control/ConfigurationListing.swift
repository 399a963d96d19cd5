import DBusControl
import ProxyCore

/// The configuration in force, setting by setting: what each one says, who said so, and when a change of it counts (T-014).
///
/// A pure function of what is in force.
struct ConfigurationListing {
    /// Who said what a setting says; the words of the bus.
    enum Source: String {
        case standard = "default"
        case file
        case environment
        case flag
        case state
    }

    /// The most bytes that the rows take together; a message carries some more.
    static let largest = 2 << 20

    /// The rows, in the order of the schema, the lists behind.
    private(set) var rows: [ConfigurationRow] = []
    private let inForce: ConfigurationKeeper.InForce

    /// Lists what is in force; `level` is the one that the log has, which may have been chosen at run time.
    init(_ inForce: ConfigurationKeeper.InForce, level: Configuration.Log.Level) {
        self.inForce = inForce
        self.addSettings()
        self.addPrices()
        self.addClients()
        self.addProviders()
        self.addKeys()
        self.addModels()
        self.applyChanges(level)
        self.shorten()
    }

    // MARK: Settings

    private mutating func addSettings() {
        let file = self.inForce.file
        self.addSettings(
            of: ConfigurationSchema.document, under: "", values: file.values, origins: file.origins, without: nil)
    }

    /// Adds what a table says: what was written, else what the daemon fills in, else the default.
    private mutating func addSettings<Root>(
        of schema: TableSchema<Root>, under prefix: String, values: [String: ConfigurationNode],
        origins: [String: ConfigurationOrigin], without name: String?, filled: [String: ConfigurationNode] = [:],
        source: Source? = nil
    ) {
        for setting in schema.settings where setting.name != name {
            var row = ConfigurationRow()
            row.key = prefix + setting.name
            row.applies = setting.support.busWord
            let origin = origins[setting.name]
            // An empty address means the one of the kind, which is told then.
            let isEmpty = values[setting.name] == .text("") && filled[setting.name] != nil
            if let value = values[setting.name], !isEmpty {
                row.value = value.withoutSecrets(of: setting.name).tomlText
                row.source = (source ?? origin.map(Self.source) ?? .standard).rawValue
                row.origin = source == nil ? origin.map(Self.text) ?? "" : ""
            } else if let value = filled[setting.name]?.withoutSecrets(of: setting.name).tomlText ?? setting.defaultText
            {
                row.value = value
                row.source = Source.standard.rawValue
            } else {
                continue
            }
            self.rows.append(row)
        }
    }

    private mutating func add(
        _ key: String, _ value: ConfigurationNode, _ origin: ConfigurationOrigin?
    ) {
        var row = ConfigurationRow()
        row.key = key
        row.value = value.withoutSecrets(of: "").tomlText
        row.source = (origin.map(Self.source) ?? .state).rawValue
        row.origin = origin.map(Self.text) ?? ""
        row.applies = ConfigurationSupport.live.busWord
        self.rows.append(row)
    }

    // MARK: Lists

    private mutating func addPrices() {
        for entry in self.inForce.file.configuration.prices.overrides {
            let key = "prices.override.\(entry.model)"
            guard let value = self.inForce.file.values[key] else { continue }
            self.add(key, value, self.inForce.file.origins[key])
        }
    }

    private mutating func addClients() {
        for entry in self.inForce.file.clients {
            guard let name = entry.draft.name else { continue }
            self.addSettings(
                of: ConfigurationSchema.client, under: "client.\(name).", values: entry.values, origins: entry.origins,
                without: "name")
        }
        for client in self.inForce.effective.configuration.clients
        where self.inForce.effective.createdClients.contains(client.name) {
            var values: [String: ConfigurationNode] = [
                "scopes": .list(client.scopes.map(\.rawValue).sorted().map { .text($0) })
            ]
            if !client.models.isEmpty { values["models"] = .list(client.models.map { .text($0.text) }) }
            if !client.routes.isEmpty { values["routes"] = .list(client.routes.map { .text($0) }) }
            if !client.projects.isEmpty { values["projects"] = .list(client.projects.map { .text($0) }) }
            for (name, limit) in [
                ("rps", client.rps), ("rpm", client.rpm), ("tpm", client.tpm), ("in_flight", client.inFlight),
            ] {
                values[name] = limit.map { .integer($0) }
            }
            values["expires"] = client.expires.map { .text($0.rfc3339Milliseconds) }
            // Of its token a keyed hash is kept, which is no reference: `token` has no default and is left out.
            self.addSettings(
                of: ConfigurationSchema.client, under: "client.\(client.name).", values: values, origins: [:],
                without: "name", source: .state)
        }
    }

    private mutating func addProviders() {
        for entry in self.inForce.file.providers {
            guard let name = entry.draft.name, let provider = entry.draft.value else { continue }
            self.addSettings(
                of: ConfigurationSchema.provider, under: "provider.\(name).", values: entry.values,
                origins: entry.origins, without: "name", filled: Self.bases(of: provider))
            if let rules = entry.values["rule"] { self.add("provider.\(name).rule", rules, entry.origins["rule"]) }
        }
        let written = Set(self.inForce.file.providers.compactMap(\.draft.name))
        for provider in self.inForce.effective.configuration.providers where !written.contains(provider.name) {
            let kind = ConfigurationNode.text(provider.kind.rawValue)
            // One that is known by its name needs not be written down; any other one was added at run time.
            let isKnown = provider == Configuration.Provider.known(named: provider.name)
            let bases = Self.bases(of: provider)
            self.addSettings(
                of: ConfigurationSchema.provider, under: "provider.\(provider.name).",
                values: isKnown ? [:] : bases.merging(["kind": kind]) { $1 }, origins: [:], without: "name",
                filled: isKnown ? bases.merging(["kind": kind]) { $1 } : [:], source: .state)
        }
    }

    private static func bases(of provider: Configuration.Provider) -> [String: ConfigurationNode] {
        var bases: [String: ConfigurationNode] = [:]
        bases["base_url"] = provider.openAIBase.map { .text("\($0)") }
        bases["anthropic_base_url"] = provider.anthropicBase.map { .text("\($0)") }
        return bases
    }

    private mutating func addKeys() {
        for entry in self.inForce.file.keys {
            guard let label = entry.draft.label else { continue }
            self.addSettings(
                of: ConfigurationSchema.key, under: "key.\(label).", values: entry.values, origins: entry.origins,
                without: "label")
        }
        for key in self.inForce.effective.configuration.keys
        where self.inForce.effective.addedKeys.contains(key.label) {
            var values: [String: ConfigurationNode] = [
                "provider": .text(key.provider.text), "secret": .text("\(key.secret)"),
                "priority": .integer(key.priority), "weight": .integer(key.weight), "enabled": .boolean(key.enabled),
            ]
            if !key.models.isEmpty { values["models"] = .list(key.models.map { .text($0.text) }) }
            values["rps"] = key.rps.map { .integer($0) }
            values["rpm"] = key.rpm.map { .integer($0) }
            values["tpm"] = key.tpm.map { .integer($0) }
            values["in_flight"] = key.inFlight.map { .integer($0) }
            self.addSettings(
                of: ConfigurationSchema.key, under: "key.\(key.label).", values: values, origins: [:],
                without: "label", source: .state)
        }
    }

    private mutating func addModels() {
        for entry in self.inForce.file.models {
            guard let name = entry.draft.name, let targets = entry.values["targets"] else { continue }
            self.add("model.\(name).targets", targets, entry.origins["targets"] ?? entry.origin)
        }
    }

    // MARK: Changes at run time

    private mutating func applyChanges(_ level: Configuration.Log.Level) {
        var changes = Dictionary(
            uniqueKeysWithValues: self.inForce.changes.overrides.map { ($0.key.text, Self.node($0.value.value)) })
        if level != self.inForce.effective.configuration.log.level { changes["log.level"] = .text(level.rawValue) }
        guard !changes.isEmpty else { return }
        for index in self.rows.indices {
            guard let value = changes[self.rows[index].key] else { continue }
            self.rows[index].value = value.tomlText
            self.rows[index].source = Source.state.rawValue
            self.rows[index].origin = ""
        }
    }

    /// What a change says, which is kept without quotes.
    private static func node(_ text: String) -> ConfigurationNode {
        switch text {
        case "true": .boolean(true)
        case "false": .boolean(false)
        default: Int(text).map { .integer($0) } ?? .text(text)
        }
    }

    // MARK: Words

    private static func source(_ origin: ConfigurationOrigin) -> Source {
        switch origin.source {
        case "environment": .environment
        case "command line": .flag
        default: .file
        }
    }

    /// `FILE:LINE`, the variable, or the flag.
    private static func text(_ origin: ConfigurationOrigin) -> String {
        origin.line.map { "\(origin.source):\($0)" } ?? origin.key
    }

    // MARK: Size

    /// Leaves out defaults of the lists where thousands of keys would not fit into a message otherwise.
    private mutating func shorten() {
        guard self.size > Self.largest else { return }
        let lists = ["client.", "provider.", "key.", "model."]
        self.rows.removeAll { row in
            row.source == Source.standard.rawValue && lists.contains { row.key.hasPrefix($0) }
        }
    }

    /// At least as many bytes as the rows take in a message.
    var size: Int {
        self.rows.reduce(0) { size, row in
            size + 160 + [row.key, row.value, row.source, row.origin, row.applies].reduce(0) { $0 + $1.utf8.count }
        }
    }
}

extension ConfigurationSupport {
    /// The word of the bus.
    var busWord: String {
        switch self {
        case .live: "live"
        case .restart: "restart"
        }
    }
}
