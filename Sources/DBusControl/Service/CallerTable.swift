import DBusKit

/// The users behind callers' connections, as the bus told them.
///
/// A unique name never comes back on the same bus, so that an entry cannot become wrong; it only takes room. Beyond
/// `capacity` the oldest entry goes.
struct CallerTable {
    private let capacity: Int
    private var users: [BusName: UInt32] = [:]
    private var order: [BusName] = []

    init(capacity: Int = 256) {
        self.capacity = capacity
    }

    /// The number of callers that are known.
    var count: Int { self.users.count }

    /// The user behind a connection; `nil` if the bus has to be asked.
    func user(of caller: BusName) -> UInt32? { self.users[caller] }

    /// Remembers what the bus told.
    mutating func remember(_ caller: BusName, user: UInt32) {
        guard self.users.updateValue(user, forKey: caller) == nil else { return }
        if self.order.count == self.capacity { self.users[self.order.removeFirst()] = nil }
        self.order.append(caller)
    }

    /// Forgets a connection that has ended.
    mutating func forget(_ caller: BusName) {
        guard self.users.removeValue(forKey: caller) != nil else { return }
        self.order.removeAll { $0 == caller }
    }
}
