/// What kind of service a provider is: which dialects it speaks, where, and how it says what is wrong.
public enum ProviderKind: String, Sendable, CaseIterable {
    /// Kimi Code, the subscription.
    case kimi
    /// The Moonshot platform.
    case moonshot
    /// OpenAI.
    case openAI = "openai"
    /// Anthropic.
    case anthropic
    /// DeepSeek.
    case deepSeek = "deepseek"
    /// OpenRouter.
    case openRouter = "openrouter"
    /// Google Gemini.
    case gemini
    /// A server on this machine or network: llama.cpp, Ollama, vLLM.
    case local
    /// Anything else that speaks OpenAI's dialect.
    case compatible

    /// The addresses of a provider, by dialect.
    public struct Bases: Sendable, Equatable {
        /// Where OpenAI's dialect is spoken.
        public var openAI: UpstreamBase?
        /// Where Anthropic's dialect is spoken.
        public var anthropic: UpstreamBase?

        /// Makes a pair of addresses.
        public init(openAI: UpstreamBase?, anthropic: UpstreamBase?) {
            self.openAI = openAI
            self.anthropic = anthropic
        }
    }

    /// The addresses of the service itself; `nil` for kinds that have none of their own.
    public var knownBases: Bases? {
        func base(_ host: String, _ path: String) -> UpstreamBase {
            UpstreamBase(origin: UpstreamOrigin(scheme: .https, host: host, port: 443), path: path)
        }
        let primary: UpstreamBase? =
            switch self {
            case .kimi: base("api.kimi.com", "/coding/v1")
            case .moonshot: base("api.moonshot.ai", "/v1")
            case .openAI: base("api.openai.com", "/v1")
            case .anthropic: base("api.anthropic.com", "")
            case .deepSeek: base("api.deepseek.com", "")
            case .openRouter: base("openrouter.ai", "/api/v1")
            case .gemini: base("generativelanguage.googleapis.com", "/v1beta/openai")
            case .local, .compatible: nil
            }
        return primary.map { self.bases(configured: $0, anthropic: nil) }
    }

    /// The addresses that follow from what is configured: where only one is, the other follows from the kind.
    ///
    /// `configured` is `base_url`, `anthropic` is `anthropic_base_url`; at least one of them or of the known ones has to
    /// be there for the result to hold any.
    public func bases(configured: UpstreamBase?, anthropic: UpstreamBase?) -> Bases {
        guard let configured else {
            let known = self.knownBases
            return Bases(openAI: known?.openAI, anthropic: anthropic ?? known?.anthropic)
        }
        // The part of the address in front of a version, where the other dialect hangs on some services.
        let root = configured.path.hasSuffix("/v1") ? String(configured.path.dropLast(3)) : configured.path
        switch self {
        case .anthropic:
            return Bases(openAI: nil, anthropic: anthropic ?? configured)
        case .kimi, .local:
            return Bases(openAI: configured, anthropic: anthropic ?? configured)
        case .moonshot, .deepSeek:
            let sibling = UpstreamBase(origin: configured.origin, path: root + "/anthropic")
            return Bases(openAI: configured, anthropic: anthropic ?? sibling)
        case .openRouter:
            return Bases(
                openAI: configured, anthropic: anthropic ?? UpstreamBase(origin: configured.origin, path: root))
        case .openAI, .gemini, .compatible:
            return Bases(openAI: configured, anthropic: anthropic)
        }
    }
}
