import DBusControl

/// One provider of a file.
struct ProviderEntry {
    /// Where the key of a provider is.
    enum Credential {
        case key(SecretText)
        /// It has none, why, and what to do about it.
        case none(reason: String, advice: String)

        /// The key, if there is one.
        var secret: SecretText? {
            if case .key(let secret) = self { return secret }
            return nil
        }
    }

    static let signedIn = "signed in by OAuth, no API key"
    static let signedInAdvice =
        "make an API key in the provider's console: two owners of a login would end each other's"

    /// Names that a provider may have and that are near to one that matters, so that a slip is told from a key that is
    /// meant.
    private static let known: Set<String> = [
        "type", "base_url", "api_key", "api_key_env", "env", "oauth", "custom_headers", "headers", "models", "name",
    ]

    /// The fields that may hold an e-mail address, the first one first.
    private static let accountFields = ["email", "account_email", "user_email", "login_email", "user", "account"]

    let name: String
    private let table: DocumentTable
    private let place: String
    private let root: DocumentTable

    init(_ name: String, _ value: DocumentNode, root: DocumentTable) throws(KeyFileError) {
        self.name = name
        self.place = Self.path(["providers", name])
        guard let table = value.asTable else {
            throw KeyFileError(self.place, "expected a table, found \(value.kind)")
        }
        self.table = table
        self.root = root
        for member in table.members where !Self.known.contains(member.name) {
            // Clients have more settings than those that matter here; a slip in one that does would lose a key.
            let others = Self.accountFields.contains(member.name)
            if !others, let near = Suggestion.nearest(to: member.name, among: ["api_key", "base_url", "api_key_env"]) {
                throw KeyFileError(
                    SafeText.line("\(self.place).\(member.name)"), "unknown key. Did you mean \(near)?")
            }
        }
    }

    /// The name without the prefix of those that a client manages by itself.
    var plainName: String { self.name.hasPrefix("managed:") ? String(self.name.dropFirst(8)) : self.name }

    /// The name for messages.
    var shown: String { SafeText.line("the provider \(self.name)") }

    /// Whether it says nothing of where a key would be.
    var isEmpty: Bool { ["oauth", "env", "api_key_env", "type"].allSatisfy { self.table[$0] == nil } }

    /// What kind of service it says that it is.
    func type() throws(KeyFileError) -> String? {
        try self.table.text("type", in: self.place).map { $0.plain.lowercased() }
    }

    /// Its key: `api_key`, else that of the variable that `api_key_env` names, else that of its `env`.
    func credential(_ variable: (String) -> String?) throws(KeyFileError) -> Credential {
        if let key = try self.table.text("api_key", in: self.place), key.count > 0 {
            return .key(try KeyText.secret(key, at: "\(self.place).api_key"))
        }
        if let name = try self.table.text("api_key_env", in: self.place), name.count > 0 {
            let name = name.plain
            // Whoever took it for the key has put a secret here.
            guard Self.isVariable(name) else {
                throw KeyFileError("\(self.place).api_key_env", "expected the name of an environment variable")
            }
            if let value = variable(name), !value.isEmpty {
                return .key(try KeyText.secret(SecretText(bytes: Array(value.utf8)), at: "the variable \(name)"))
            }
            return .none(
                reason: "the key of \(self.shown) lies in the variable \(name), which is not set",
                advice: "set it for kmictl import, or use kmictl keys add")
        }
        if let key = try self.clientSetting("API_KEY"), key.count > 0 {
            return .key(try KeyText.secret(key, at: "\(self.place).env"))
        }
        if self.table["oauth"] != nil { return .none(reason: Self.signedIn, advice: Self.signedInAdvice) }
        if try self.type() == "vertexai" {
            return .none(reason: "\(self.shown) signs in to Google Cloud and has no API key", advice: "")
        }
        return .none(reason: "\(self.shown) has no API key", advice: "")
    }

    /// Where it is: `base_url`, else that of its `env`, else that of the service that it is.
    func base(_ variable: (String) -> String?) throws(KeyFileError) -> BaseAddress {
        if let base = try self.table.text("base_url", in: self.place), base.count > 0 {
            return try KeyText.base(base.plain, at: "\(self.place).base_url")
        }
        if let base = try self.clientSetting("BASE_URL"), base.count > 0 {
            return try KeyText.base(base.plain, at: "\(self.place).env")
        }
        guard let known = KnownProvider(entry: self.name, type: try self.type()) else {
            throw KeyFileError("\(self.place).base_url", "is missing: \(BaseAddress.expected)")
        }
        return try KeyText.base(known.base, at: self.place)
    }

    /// The fields that may hold the account's e-mail address: its own, then those of the file.
    func accounts() throws(KeyFileError) -> [(name: String, value: SecretText)] {
        var fields: [(String, SecretText)] = []
        for name in Self.accountFields {
            if let value = try self.table.text(name, in: self.place) { fields.append((name, value)) }
        }
        for name in Self.accountFields {
            if case .text(let value)? = self.root[name] { fields.append((name, value)) }
        }
        return fields
    }

    /// A variable of the `env` table, `KIMI_…` or that of the type's own client.
    private func clientSetting(_ suffix: String) throws(KeyFileError) -> SecretText? {
        guard let node = self.table["env"] else { return nil }
        guard let table = node.asTable else {
            throw KeyFileError("\(self.place).env", "expected a table of variables, found \(node.kind)")
        }
        let type = try self.type() ?? ""
        let prefixes = ["KIMI", type.hasPrefix("openai") ? "OPENAI" : type == "anthropic" ? "ANTHROPIC" : "GEMINI"]
        for prefix in prefixes {
            if let value = try table.text("\(prefix)_\(suffix)", in: "\(self.place).env") { return value }
        }
        return nil
    }

    private static func isVariable(_ name: String) -> Bool {
        name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
        }
    }

    /// A path of keys as TOML has it.
    static func path(_ keys: [String]) -> String {
        keys.map { key in
            let isBare =
                !key.isEmpty
                && key.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                        || $0 == 0x5F || $0 == 0x2D
                }
            return isBare ? key : "\"\(SafeText.line(String(key.prefix(64))))\""
        }
        .joined(separator: ".")
    }
}

extension DocumentTable {
    /// A text; `nil` if it is not there.
    func text(_ name: String, in place: String) throws(KeyFileError) -> SecretText? {
        guard let node = self[name] else { return nil }
        guard case .text(let text) = node else {
            throw KeyFileError(
                place.isEmpty ? name : "\(place).\(name)", "expected a text in quotes, found \(node.kind)")
        }
        return text
    }
}
