extension KeyPool {
    /// What the pool decides by.
    public struct Policy: Sendable, Equatable {
        /// How the next key is chosen among equals.
        public var mode: RotationMode
        /// Whether a conversation stays on its key while that is usable.
        public var affinity: Bool
        /// How long a key rests after each kind of failure.
        public var cooldown: Configuration.Cooldown
        /// Whether keys with little quota left take part while others have more.
        public var includeWarn: Bool
        /// For each provider the states whose end a background check of the daemon decides: of `billing`, `suspect` and
        /// `invalid`.
        public var probes: [ProviderName: Set<KeyState>]
        /// Where the jitter of hints begins; 0 for no jitter.
        public var seed: UInt64

        /// Makes a policy.
        public init(
            mode: RotationMode = .roundRobin,
            affinity: Bool = true,
            cooldown: Configuration.Cooldown = Configuration.Cooldown(),
            includeWarn: Bool = true,
            probes: [ProviderName: Set<KeyState>] = [:],
            seed: UInt64 = 0
        ) {
            self.mode = mode
            self.affinity = affinity
            self.cooldown = cooldown
            self.includeWarn = includeWarn
            self.probes = probes
            self.seed = seed
        }

        /// Whether a background check decides on the end of a state.
        func probes(_ state: KeyState, of provider: ProviderName) -> Bool {
            self.probes[provider]?.contains(state) ?? false
        }
    }
}
