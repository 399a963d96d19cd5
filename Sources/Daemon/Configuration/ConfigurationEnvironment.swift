import ProxyCore

/// The variables of the environment that set keys: `KMI_SECTION_KEY`.
enum ConfigurationEnvironment {
    /// What stands for the file, for a caller's token or for the unit's promise, and not for a key of the file.
    private static let others: Set<String> = ["KMI_CONFIG", "KMI_TOKEN", "KMI_SANDBOX"]

    /// Variables of KMI Manager, and what to use instead.
    ///
    /// They are never obeyed.
    static let formerNames: [String: String] = [
        "KMI_PROXY_LISTEN": "KMI_SERVER_LISTEN or server.listen",
        "KMI_PROXY_TOKEN": "a [[client]] with its token",
        "KMI_PROXY_BASE_PATH": "KMI_SERVER_BASE_PATH or server.base_path",
        "KMI_UPSTREAM_BASE_URL": "base_url of a [[provider]]",
        "KMI_DRY_RUN": "KMI_SERVER_DRY_RUN or server.dry_run",
        "KMI_AUTHS_DIR": "a [[key]] for each key",
        "KMI_API_KEY": "a [[key]] with secret = \"env:KMI_API_KEY\"",
        "KMI_KEY_LABEL": "label of a [[key]]",
        "KMI_KEY_PRIORITY": "priority of a [[key]]",
        "KMI_KEY_DISABLED": "enabled of a [[key]]",
        "KMI_ACCOUNT_EMAIL": "nothing",
        "KMI_EMAIL": "nothing",
    ]

    /// The keys by the variables that set them.
    static let settings: [String: Setting<Configuration>] = Dictionary(
        ConfigurationSchema.document.settings.map { ($0.environmentName, $0) }
    ) { first, _ in first }

    /// Reads the variables, in order of their names.
    ///
    /// Values are never repeated in messages.
    static func read(_ environment: [String: String], into reader: inout ConfigurationReader) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("KMI_") {
            let origin = ConfigurationOrigin(source: "environment", line: nil, key: name)
            if let setting = Self.settings[name] {
                reader.read(value, as: setting, from: origin)
            } else if let instead = Self.formerNames[name] {
                reader.warn("is a variable of KMI Manager and is not obeyed; use \(instead)", at: origin)
            } else if !Self.others.contains(name), !Self.isReferenced(name, by: reader) {
                let near = Suggestion.nearest(to: name, among: Self.settings.keys)
                reader.warn("unknown variable" + (near.map { "; did you mean \($0)?" } ?? ""), at: origin)
            }
        }
    }

    /// A variable that a secret reference names is known, whatever it is called.
    private static func isReferenced(_ name: String, by reader: ConfigurationReader) -> Bool {
        let reference = SecretReference.environment(name: name)
        return reader.keys.contains { $0.draft.secret == reference }
            || reader.clients.contains { $0.draft.token == reference }
    }
}
