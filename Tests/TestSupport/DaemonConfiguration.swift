/// The configuration of a daemon under test, with everything on loopback, port 0 and a simulator as its provider.
public struct DaemonConfiguration: Sendable {
    /// A key of the pool.
    public struct Key: Sendable {
        /// Its label.
        public var label: String
        /// Its value.
        public var secret: String

        /// Makes a key whose value is `sk-sim-` and its label.
        public init(_ label: String, secret: String? = nil) {
            self.label = label
            self.secret = secret ?? "sk-sim-\(label)"
        }
    }

    /// The token that callers send.
    public var token = "kmi-test-token-0123456789"
    /// The provider's base, with the path.
    public var providerBaseURL: String
    /// The provider's kind.
    public var providerKind = "compatible"
    /// The provider's pins.
    public var pins: [String] = []
    /// The keys.
    public var keys: [Key] = [Key("alpha")]
    /// Further lines of tables, by the table's name: `["rotation": "mode = \"sticky\""]`.
    public var tables: [String: String] = [:]
    /// Tables that are appended as they are.
    public var appendix = ""

    /// Makes a configuration for a provider at a base such as `http://127.0.0.1:4000/v1`.
    public init(providerBaseURL: String) {
        self.providerBaseURL = providerBaseURL
    }

    /// A configuration whose provider is a simulator's plain listener, with keys of these labels.
    public init(_ simulator: SimulatorProcess, keys: [String] = ["alpha"]) {
        self.init(providerBaseURL: simulator.baseURL + "/v1")
        self.keys = keys.map { Key($0) }
    }

    /// The text of `kmi.toml`.
    public var text: String {
        var text = ""
        var tables = self.tables
        func table(_ name: String, _ lines: String = "") {
            text += "[\(name)]\n\(lines)\n\(tables.removeValue(forKey: name) ?? "")\n\n"
        }
        // `listen`, `socket` and `admin_listen` of an own table win: a key may stand once only.
        let server = tables["server"] ?? ""
        let defaults = [
            "listen": "[\"127.0.0.1:0\"]", "socket": "\"off\"", "admin_listen": "\"127.0.0.1:0\"",
        ]
        let missing = defaults.filter { key, _ in
            !server.split(separator: "\n").contains { $0.hasPrefix(key + " ") || $0.hasPrefix(key + "=") }
        }
        table("server", missing.sorted { $0.key < $1.key }.map { "\($0) = \($1)" }.joined(separator: "\n"))
        for name in tables.keys.sorted() { table(name) }
        text += """
            [[client]]
            name = "test"
            token = "file:client.token"

            [[provider]]
            name = "sim"
            kind = "\(self.providerKind)"
            base_url = "\(self.providerBaseURL)"
            anthropic_base_url = "\(self.providerBaseURL)"
            default = true
            pins = [\(self.pins.map { "\"\($0)\"" }.joined(separator: ", "))]


            """
        for key in self.keys {
            text += "[[key]]\nlabel = \"\(key.label)\"\nprovider = \"sim\"\nsecret = \"file:\(key.label).key\"\n\n"
        }
        return text + self.appendix
    }

    /// The secret files that the text refers to, by name.
    public var files: [String: String] {
        var files = ["client.token": self.token]
        for key in self.keys { files["\(key.label).key"] = key.secret }
        return files
    }
}
