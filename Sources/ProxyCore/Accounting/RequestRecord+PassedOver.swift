extension RequestRecord {
    /// A key that an attempt was not made with, and why.
    public struct PassedOver: Sendable, Hashable {
        /// The key.
        public var label: KeyLabel
        /// What kept it from serving.
        public var obstacle: KeyVerdict.Obstacle
        /// Its state.
        public var state: KeyState

        /// Makes an entry.
        public init(label: KeyLabel, obstacle: KeyVerdict.Obstacle, state: KeyState) {
            self.label = label
            self.obstacle = obstacle
            self.state = state
        }
    }
}
