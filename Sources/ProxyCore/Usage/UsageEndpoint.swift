/// Where providers tell of usage and balances (provider facts, section 12.3).
public enum UsageEndpoint: String, Sendable, CaseIterable {
    /// The windows of a plan of Kimi Code.
    case kimiUsages = "usages"
    /// The balance at the Moonshot platform.
    case moonshotBalance = "users/me/balance"
    /// The balance at DeepSeek.
    case deepSeekBalance = "user/balance"
    /// The limit of a key at OpenRouter.
    case openRouterKey = "key"
    /// The balance of an account at OpenRouter.
    case openRouterCredits = "credits"

    /// What of a kind of provider is asked first; `nil` for those that tell nothing of ordinary keys.
    public init?(of kind: ProviderKind) {
        switch kind {
        case .kimi: self = .kimiUsages
        case .moonshot: self = .moonshotBalance
        case .deepSeek: self = .deepSeekBalance
        case .openRouter: self = .openRouterKey
        case .openAI, .anthropic, .gemini, .local, .compatible: return nil
        }
    }

    /// The path behind the provider's base, with its leading slash.
    public var path: String { "/" + self.rawValue }

    /// Whether the path lies at the root although the base may end in a version.
    public var isUnversioned: Bool { self == .deepSeekBalance }
}
