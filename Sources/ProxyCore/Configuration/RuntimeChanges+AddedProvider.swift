extension RuntimeChanges {
    /// A provider that was added while the daemon ran: what a `[[provider]]` of the file says of name, kind and addresses.
    public struct AddedProvider: Sendable, Equatable {
        /// The provider's name.
        public var name: ProviderName
        /// What it speaks.
        public var kind: ProviderKind
        /// Its address, as `base_url`; `nil` for that of the kind.
        public var base: UpstreamBase?
        /// Its address for Anthropic's dialect, as `anthropic_base_url`; `nil` for what follows from the kind.
        public var anthropicBase: UpstreamBase?
        /// When it was added.
        public var addedAt: WallTime

        /// Makes a provider at the address of its kind.
        public init(name: ProviderName, kind: ProviderKind, addedAt: WallTime) {
            self.name = name
            self.kind = kind
            self.addedAt = addedAt
        }

        /// The provider as the configuration has it.
        public var provider: Configuration.Provider {
            var provider = Configuration.Provider(name: self.name, kind: self.kind)
            let bases = self.kind.bases(configured: self.base, anthropic: self.anthropicBase)
            provider.openAIBase = bases.openAI
            provider.anthropicBase = bases.anthropic
            return provider
        }
    }
}
