import DBusControl

/// A `.env` file of KMI Manager.
enum EnvironmentKeyFile {
    /// The names that it may hold beside those of KMI Manager's settings.
    static let names = [
        "KMI_API_KEY", "KMI_KEY_LABEL", "KMI_KEY_PRIORITY", "KMI_KEY_DISABLED", "KMI_UPSTREAM_BASE_URL",
        "KMI_ACCOUNT_EMAIL", "KMI_EMAIL", "EMAIL",
    ]

    /// Settings of KMI Manager, which mean nothing to a key.
    private static let settings: Set<String> = [
        "KMI_PROXY_LISTEN", "KMI_PROXY_TOKEN", "KMI_PROXY_BASE_PATH", "KMI_DRY_RUN", "KMI_AUTHS_DIR",
    ]

    /// Reads a file; `stem` is its label unless it names one.
    static func read(_ contents: SecretText, stem: String) throws(KeyFileError) -> KeyFinding {
        let variables = try EnvironmentFile.parse(contents)
        func value(_ name: String) -> (value: SecretText, place: String)? {
            variables.first { $0.name == name && $0.value.count > 0 }.map { ($0.value, "line \($0.line): \(name)") }
        }
        let remarks = try Self.check(variables)
        guard let secret = value("KMI_API_KEY") else {
            if let line = variables.first(where: { $0.name == "KMI_API_KEY" })?.line {
                throw KeyFileError(line: line, "KMI_API_KEY is empty")
            }
            return .passed(reason: "holds no KMI_API_KEY", advice: "")
        }
        let base = value("KMI_UPSTREAM_BASE_URL")
        var key = FoundKey(
            secret: try KeyText.secret(secret.value, at: secret.place),
            label: value("KMI_KEY_LABEL")?.value.plain ?? stem,
            base: try KeyText.base(base?.value.plain ?? KnownProvider.kimi.base, at: base?.place ?? ""),
            kind: "")
        // Whoever has an address of their own has a mirror of the one that KMI Manager asks.
        key.kind = KnownProvider.kind(of: key.base, entry: "kimi-for-coding", type: nil)
        if let priority = value("KMI_KEY_PRIORITY") {
            guard let number = Int32(priority.value.plain) else {
                throw KeyFileError(priority.place, "expected a whole number; higher ones are chosen first")
            }
            key.priority = number
        }
        if let disabled = value("KMI_KEY_DISABLED") {
            key.isEnabled = try !Self.isTrue(disabled.value.plain, at: disabled.place)
        }
        key.remarks = remarks
        KeyText.setAccount(
            of: &key,
            ["KMI_ACCOUNT_EMAIL", "KMI_EMAIL", "EMAIL"].compactMap { name in value(name).map { (name, $0.value) } })
        return .key(key)
    }

    /// Refuses names that nobody knows but that look like these, and remarks those that are passed over (K-016), strange
    /// ones by their line.
    private static func check(_ variables: [EnvironmentFile.Variable]) throws(KeyFileError) -> [String] {
        var passed: [String] = []
        for variable in variables where !Self.names.contains(variable.name) {
            if variable.name.hasPrefix("KMI_"), !Self.settings.contains(variable.name) {
                let suggestion = Suggestion.phrase(for: variable.name, among: Self.names)
                throw KeyFileError(
                    line: variable.line,
                    "unknown name \(variable.name)."
                        + (suggestion.isEmpty ? " Expected \(Self.names.joined(separator: ", "))" : suggestion))
            }
            // A bare secret that ends with `=` looks like a name, too.
            passed.append(Self.settings.contains(variable.name) ? variable.name : "line \(variable.line)")
        }
        return passed.isEmpty ? [] : ["passed over: \(passed.joined(separator: ", "))"]
    }

    private static func isTrue(_ text: String, at place: String) throws(KeyFileError) -> Bool {
        switch text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw KeyFileError(place, "expected true or false")
        }
    }
}
