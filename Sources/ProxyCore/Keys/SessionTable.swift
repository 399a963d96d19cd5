/// Which key a conversation was last served by, in a table of bounded size.
///
/// Two generations stand in for a least-recently-used order: a conversation that is remembered again moves to the young one,
/// and when the young one is full the old one is forgotten. Every operation is O(1); at least `capacity / 2` of the
/// most recently used conversations are remembered, at most `capacity`.
struct SessionTable: Sendable {
    private let generationSize: Int
    /// A conversation as a provider knows it: with each provider it has a key of its own.
    struct Session: Sendable, Hashable {
        let provider: ProviderName
        let name: String
    }

    private var young: [Session: KeyLabel] = [:]
    private var old: [Session: KeyLabel] = [:]

    /// Makes an empty table that holds at most `capacity` conversations.
    init(capacity: Int) {
        self.generationSize = max(1, capacity / 2)
    }

    /// The key that the conversation was last served by.
    ///
    /// Whoever goes on with it remembers it anew, which keeps it young.
    func key(of session: Session) -> KeyLabel? {
        self.young[session] ?? self.old[session]
    }

    /// Forgets the conversations with one provider.
    mutating func forget(_ provider: ProviderName) {
        self.young = self.young.filter { $0.key.provider != provider }
        self.old = self.old.filter { $0.key.provider != provider }
    }

    /// Notes that the conversation is served by `key`.
    mutating func remember(_ session: Session, on key: KeyLabel) {
        if self.young[session] == nil, self.young.count >= self.generationSize {
            self.old = self.young
            self.young.removeAll(keepingCapacity: true)
        }
        self.young[session] = key
    }

    /// How many conversations are remembered, some of them possibly twice.
    var count: Int { self.young.count + self.old.count }
}
