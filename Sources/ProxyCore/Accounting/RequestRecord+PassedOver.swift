extension RequestRecord {
    /// A key that an attempt was not made with, and why.
    public struct PassedOver: Sendable, Hashable {
        public var label: KeyLabel
        public var obstacle: KeyVerdict.Obstacle
        public var state: KeyState
        public init(label: KeyLabel, obstacle: KeyVerdict.Obstacle, state: KeyState) {
            self.label = label
            self.obstacle = obstacle
            self.state = state
        }
    }
}
