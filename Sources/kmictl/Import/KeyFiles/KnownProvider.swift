/// The services that the daemon knows by themselves: their kinds, and where they are.
///
/// A test holds them against the daemon's own list.
enum KnownProvider: String, CaseIterable {
    case kimi
    case moonshot
    case openAI = "openai"
    case anthropic
    case deepSeek = "deepseek"
    case openRouter = "openrouter"
    case gemini

    /// The kind of everything else that speaks OpenAI's dialect.
    static let compatible = "compatible"

    /// Where the service is asked.
    var base: String {
        switch self {
        case .kimi: "https://api.kimi.com/coding/v1"
        case .moonshot: "https://api.moonshot.ai/v1"
        case .openAI: "https://api.openai.com/v1"
        case .anthropic: "https://api.anthropic.com"
        case .deepSeek: "https://api.deepseek.com"
        case .openRouter: "https://openrouter.ai/api/v1"
        case .gemini: "https://generativelanguage.googleapis.com/v1beta/openai"
        }
    }

    /// The hosts that are the service's, in whatever region.
    private var hosts: [String] {
        switch self {
        case .kimi: ["api.kimi.com", "api.kimi.ai"]
        case .moonshot: ["api.moonshot.ai", "api.moonshot.cn"]
        case .openAI: ["api.openai.com"]
        case .anthropic: ["api.anthropic.com"]
        case .deepSeek: ["api.deepseek.com"]
        case .openRouter: ["openrouter.ai"]
        case .gemini: ["generativelanguage.googleapis.com"]
        }
    }

    /// The service that has a host; `nil` for hosts of others.
    init?(host: String) {
        guard let known = Self.allCases.first(where: { $0.hosts.contains(host) }) else { return nil }
        self = known
    }

    /// The service that an entry of a key file means where it names no address: by its name, else by its type.
    init?(entry: String, type: String?) {
        switch (entry, type) {
        case ("managed:kimi-code", _), ("kimi-for-coding", _): self = .kimi
        case ("moonshot-ai", _), ("managed:moonshot-ai", _): self = .moonshot
        case (_, "kimi"?): self = .kimi
        case (_, "anthropic"?): self = .anthropic
        case (_, "openai"?), (_, "openai_responses"?), (_, "openai_legacy"?): self = .openAI
        case (_, "google-genai"?), (_, "google_genai"?), (_, "gemini"?): self = .gemini
        default: return nil
        }
    }

    /// The kind of a provider at an address: that of the host's service, else what its entry says that it is.
    static func kind(of base: BaseAddress, entry: String?, type: String?) -> String {
        if let known = KnownProvider(host: base.host) { return known.rawValue }
        switch (entry, type) {
        case ("managed:kimi-code"?, _), ("kimi-for-coding"?, _): return KnownProvider.kimi.rawValue
        case ("moonshot-ai"?, _), ("managed:moonshot-ai"?, _): return KnownProvider.moonshot.rawValue
        case (_, "anthropic"?): return KnownProvider.anthropic.rawValue
        case (_, "google-genai"?), (_, "google_genai"?), (_, "gemini"?): return KnownProvider.gemini.rawValue
        default: return Self.compatible
        }
    }

    /// Google's own clients name the host alone, where the daemon needs the path of its compatible dialect.
    static func completed(_ base: BaseAddress) throws(KeyFileError) -> BaseAddress {
        let isShort = ["", "/v1beta", "/v1"].contains(base.path)
        guard KnownProvider(host: base.host) == .gemini, isShort else { return base }
        return try BaseAddress(KnownProvider.gemini.base)
    }
}
