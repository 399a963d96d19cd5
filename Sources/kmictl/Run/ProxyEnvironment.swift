import DBusControl

/// The variables that point programs at the daemon: docs/clients.md says which program reads which.
struct ProxyEnvironment: Equatable {
    /// One variable.
    struct Variable: Equatable {
        var name: String
        var value: String
    }

    /// The variables, in the order in which they are printed.
    private(set) var variables: [Variable] = []

    /// Variables that have to go.
    ///
    /// Claude Code takes `ANTHROPIC_AUTH_TOKEN` and warns beside an API key; Anthropic's SDKs take either, and send both
    /// where both are there, which would show the daemon a provider's key. Without the key the token serves both.
    let unset = ["ANTHROPIC_API_KEY"]

    /// Makes the variables for a token.
    ///
    /// - Parameters:
    ///   - proxy: Where the daemon is reached.
    ///   - kimi: Where programs for Kimi are to ask.
    ///   - token: The client's token.
    ///   - inherited: What the environment says of a variable already; `nil` where there is none.
    init(proxy: ProxyAddress, kimi: KimiRoute, token: String, inherited: (String) -> String?) {
        let base = proxy.origin + "/v1"
        let kimiBase = proxy.origin + kimi.path
        self.set("OPENAI_BASE_URL", base)
        self.set("OPENAI_API_BASE", base)
        self.set("OPENAI_API_KEY", token)
        self.set("ANTHROPIC_BASE_URL", proxy.origin)
        self.set("ANTHROPIC_AUTH_TOKEN", token)
        self.set("KIMI_BASE_URL", kimiBase)
        self.set("KIMI_API_KEY", token)
        self.set("KIMI_MODEL_BASE_URL", kimiBase)
        self.set("KIMI_MODEL_API_KEY", token)
        // Kimi Code CLI looks at the other two only if there is a name. A name that somebody chose stays.
        if kimi.isPlan, (inherited("KIMI_MODEL_NAME") ?? "").isEmpty {
            self.set("KIMI_MODEL_NAME", "kimi-for-coding")
            self.set("KIMI_MODEL_MAX_CONTEXT_SIZE", "262144")
        }
        self.set("KMI_TOKEN", token)
        self.keepOffProxies(proxy.host, inherited)
    }

    /// Lets no other proxy between the programs and the daemon: it would see the token, and could not reach loopback.
    private mutating func keepOffProxies(_ host: String, _ inherited: (String) -> String?) {
        let names = ["http_proxy", "https_proxy", "all_proxy"].flatMap { [$0, $0.uppercased()] }
        guard names.contains(where: { !(inherited($0) ?? "").isEmpty }) else { return }
        let exceptions = ["no_proxy", "NO_PROXY"]
        // One that is empty is as none: programs look at the other.
        let lists = exceptions.map { Self.hosts(inherited($0) ?? "") }.filter { !$0.isEmpty }
        guard lists.isEmpty || !lists.allSatisfy({ $0.contains("*") || $0.contains(host) }) else { return }
        // Some programs read the one, some the other: whatever either of them says holds for both.
        var hosts: [String] = []
        for entry in lists.joined() + [host] where !hosts.contains(entry) { hosts.append(entry) }
        // Beside other entries many programs take it for a name.
        let value = hosts.contains("*") ? "*" : hosts.joined(separator: ",")
        for name in exceptions { self.set(name, value) }
    }

    private static func hosts(_ list: String) -> [String] {
        list.split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
    }

    private mutating func set(_ name: String, _ value: String) {
        self.variables.append(Variable(name: name, value: value))
    }
}

/// Where programs that were made for Kimi are to ask.
struct KimiRoute: Equatable {
    /// The path behind the daemon's address, without a slash at its end.
    var path = "/v1"
    /// Whether it leads to Kimi Code, which has one model.
    var isPlan = false

    /// Where no provider is Kimi's.
    init() {}

    /// Chooses between the providers: `/v1` leads to the default one, which is that of the active key; any other is asked for
    /// by its name.
    init(providers: [ProviderStatus], activeKey: String) {
        let ofKimi = ["kimi", "moonshot"].flatMap { kind in providers.filter { $0.kind == kind } }
        let isDefault = { (provider: ProviderStatus) in !activeKey.isEmpty && provider.keys.contains(activeKey) }
        guard let provider = ofKimi.first(where: isDefault) ?? ofKimi.first(where: { !$0.keys.isEmpty }) ?? ofKimi.first
        else { return }
        self.isPlan = provider.kind == "kimi"
        // Without an active key nobody knows which one is the default; the name leads there in either case.
        if !isDefault(provider), ProxyText.isPlain(provider.name) { self.path = "/p/\(provider.name)" }
    }
}

/// What may stand in a variable.
enum ProxyText {
    /// Whether a text is visible ASCII without anything that a URL or a shell reads as more than itself.
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~".contains($0)) }
    }

    /// A token as text; what a daemon sends that is none is refused, since it is going to be evaluated by shells.
    static func token(_ secret: SecretText) throws(CommandFailure) -> String {
        let text = secret.withBytes { String(decoding: $0, as: UTF8.self) }
        guard Self.isPlain(text) else {
            throw CommandFailure(
                .failed, code: "protocol_error", "the daemon's token has characters that none can have.")
        }
        return text
    }
}
