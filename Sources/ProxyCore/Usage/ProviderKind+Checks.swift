extension ProviderKind {
    /// The states of a key that a call of the daemon's own can end, because the provider has an address that answers the
    /// question without charging for it.
    ///
    /// A list of models shows whether a key is accepted, and nothing about money; usage and balance show both. A server
    /// without keys is asked nothing.
    public var checkedStates: Set<KeyState> {
        switch self {
        case .kimi, .moonshot, .deepSeek, .openRouter: [.billing, .suspect, .invalid]
        case .openAI, .anthropic, .gemini, .compatible: [.suspect, .invalid]
        case .local: []
        }
    }
}
