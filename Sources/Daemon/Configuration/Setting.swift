import ProxyCore

/// One key of the configuration: everything about it stands in its one line of the schema, and parsing, detection of
/// unknown keys, environment names, reload and documentation come from there.
struct Setting<Root>: Sendable {
    /// The key within its table; within the document, the tables before it included: `server.tls.certificate`.
    let name: String
    /// The default as TOML; `nil` if the key must be there.
    let defaultText: String?
    /// One sentence for the documentation, without the form and the range.
    let summary: String
    /// Whether it has an effect, and when.
    let support: ConfigurationSupport
    /// The expected form in words.
    let expected: String
    /// How the text of an environment variable is taken apart.
    let shape: EnvironmentShape
    /// Values for tests.
    let samples: FormSamples
    /// Takes a value.
    let assign: @Sendable (ConfigurationNode, inout Root) throws(ConfigurationValueError) -> Void
    /// Whether two roots have the same value.
    let isEqual: @Sendable (Root, Root) -> Bool
    /// Copies the value of one root to another.
    let copy: @Sendable (Root, inout Root) -> Void

    init<Value: Equatable & Sendable>(
        _ name: String,
        _ property: any WritableKeyPath<Root, Value> & Sendable,
        _ form: ValueForm<Value>,
        default defaultText: String?,
        _ support: ConfigurationSupport,
        _ summary: String
    ) {
        self.name = name
        self.defaultText = defaultText
        self.summary = summary
        self.support = support
        self.expected = form.expected
        self.shape = form.shape
        self.samples = form.samples
        let read = form.read
        self.assign = { (node, root) throws(ConfigurationValueError) in root[keyPath: property] = try read(node) }
        self.isEqual = { $0[keyPath: property] == $1[keyPath: property] }
        self.copy = { $1[keyPath: property] = $0[keyPath: property] }
    }

    /// The variable that sets the key, if it is one of the document itself and not of a list of tables.
    var environmentName: String {
        "KMI_" + self.name.uppercased().split(separator: ".").joined(separator: "_")
    }
}

/// The keys of one kind of table, and the lists of tables within it.
struct TableSchema<Root>: Sendable {
    /// A table of tables or a list of tables, which is not one value.
    struct Nested: Sendable {
        /// The key within the table.
        let name: String
        /// Takes the value at a place.
        let read: @Sendable (inout ConfigurationReader, ConfigurationPlace, inout Root) -> Void
    }

    let settings: [Setting<Root>]
    let nested: [Nested]
    private let byName: [String: Setting<Root>]
    private let nestedByName: [String: Nested]
    private let childrenByPrefix: [String: Set<String>]

    init(_ settings: [Setting<Root>], nested: [Nested] = []) {
        self.settings = settings
        self.nested = nested
        self.byName = Dictionary(settings.map { ($0.name, $0) }) { first, _ in first }
        self.nestedByName = Dictionary(nested.map { ($0.name, $0) }) { first, _ in first }
        var children: [String: Set<String>] = [:]
        for name in settings.map(\.name) + nested.map(\.name) {
            var prefix = ""
            for part in name.split(separator: ".") {
                children[prefix, default: []].insert(String(part))
                prefix += prefix.isEmpty ? String(part) : ".\(part)"
            }
        }
        self.childrenByPrefix = children
    }

    /// The key of that name.
    func setting(_ name: String) -> Setting<Root>? { self.byName[name] }

    /// The list of tables of that name.
    func nested(_ name: String) -> Nested? { self.nestedByName[name] }

    /// What may stand in the table of that name, the empty text being the whole.
    func children(of prefix: String) -> Set<String>? { self.childrenByPrefix[prefix] }

    /// The one other place where a key of this name may stand.
    func otherPlace(of key: String) -> String? {
        let places = self.settings.map(\.name).filter { $0.hasSuffix(".\(key)") }
        // What holds for all is meant before what holds for each client or address.
        let depth = places.map { $0.utf8.count { $0 == UInt8(ascii: ".") } }.min()
        let nearest = places.filter { $0.utf8.count { $0 == UInt8(ascii: ".") } == depth }
        return nearest.count == 1 ? nearest.first : nil
    }
}

/// A value of a document and the place where it stands.
struct ConfigurationPlace: Sendable {
    let node: ConfigurationNode
    let path: TOMLPath
    let document: ConfigurationDocument

    /// Where it was set, as messages name it.
    var origin: ConfigurationOrigin { self.document.origin(of: self.path) }
}

/// A table of a list, as far as it could be read.
struct Entry<Draft: Sendable>: Sendable {
    /// What was read.
    var draft: Draft
    /// Where the table begins.
    var origin: ConfigurationOrigin
    /// Where its keys were set, by their names.
    var origins: [String: ConfigurationOrigin]
    /// What was written there, by their names.
    var values: [String: ConfigurationNode] = [:]

    /// Where a key was set, else where the table begins.
    func origin(of name: String) -> ConfigurationOrigin { self.origins[name] ?? self.origin }
}
