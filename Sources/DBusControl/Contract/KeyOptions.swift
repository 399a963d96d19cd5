/// What a person may say about a key that is added.
public struct KeyOptions: Sendable, Equatable {
    /// Higher ones are chosen first.
    public var priority: Int32 = 0
    /// The share in the mode `weighted`, at least 1.
    public var weight: UInt32 = 1
    /// Whether it takes part at once.
    public var enabled = true
    /// The models that it serves; empty for all.
    public var models: [String] = []

    /// An enabled key for all models.
    public init() {}
}
