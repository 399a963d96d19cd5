/// What a rotation came to.
public struct Rotation: Sendable, Equatable {
    /// The label of the key that the next request uses.
    public var key: String
    /// Why it is that one: `requested`, `next`, or `only` where there is no other.
    public var reason: String

    /// Makes the result of a rotation.
    public init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }
}
