/// How many questions wait for polkit at once, in all and for each user; a pure value.
///
/// A question may wait for a person. One user, with however many connections, cannot take the places of all others.
struct PolkitBudget: Sendable {
    private let total: Int
    private let perUser: Int
    private var waiting: [UInt32: Int] = [:]

    /// The number of questions that wait.
    private(set) var count = 0

    init(total: Int = 64, perUser: Int = 16) {
        self.total = total
        self.perUser = perUser
    }

    /// Counts a question about a user's caller; whether it may be asked.
    mutating func begin(_ user: UInt32) -> Bool {
        let ofUser = self.waiting[user] ?? 0
        guard self.count < self.total, ofUser < self.perUser else { return false }
        self.waiting[user] = ofUser + 1
        self.count += 1
        return true
    }

    /// Counts a question as answered, which ``begin(_:)`` has admitted.
    mutating func end(_ user: UInt32) {
        guard let ofUser = self.waiting[user] else { return }
        self.waiting[user] = ofUser > 1 ? ofUser - 1 : nil
        self.count -= 1
    }
}
