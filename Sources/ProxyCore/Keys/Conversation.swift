/// The conversation that a request belongs to, as far as it can be told.
public struct Conversation: Sendable, Hashable {
    /// What tells it from others: a caller's own id, or a digest.
    ///
    /// At most 300 bytes.
    public var id: String
    /// Whether its key is looked up.
    ///
    /// A request without an id of its own that holds no answer of a model yet is not: two conversations may begin alike.
    public var isLookedUp: Bool
    /// Whether it carries what only the account that made it understands: signed thinking, encrypted reasoning, an id of an
    /// earlier answer.
    public var isBound: Bool

    /// Makes a conversation.
    public init(id: String, isLookedUp: Bool = true, isBound: Bool = false) {
        self.id = id
        self.isLookedUp = isLookedUp
        self.isBound = isBound
    }
}
