import DBusKit

/// The connections that want to hear of each request that ends, at most `capacity`.
///
/// A pure value: time passes in.
struct SubscriberTable {
    /// A signal that is to be sent.
    struct Delivery: Equatable {
        /// To whom.
        let subscriber: BusName
        /// How many signals were dropped before it.
        let dropped: UInt64
        /// Whether the subscriber is to be asked to answer: it may not have read much of what it got.
        var isSilent = false
    }

    private let capacity: Int
    private var budgets: [BusName: SignalBudget] = [:]

    init(capacity: Int = 64) {
        self.capacity = capacity
    }

    /// Whether nobody wants to hear anything.
    var isEmpty: Bool { self.budgets.isEmpty }

    /// Who wants to hear.
    var subscribers: [BusName] { Array(self.budgets.keys) }

    /// Adds a subscriber, unless it is there already; whether there was room.
    mutating func add(_ subscriber: BusName) -> Bool {
        guard self.budgets[subscriber] == nil else { return true }
        guard self.budgets.count < self.capacity else { return false }
        self.budgets[subscriber] = SignalBudget()
        return true
    }

    /// Takes a subscriber out, if it is there.
    mutating func remove(_ subscriber: BusName) {
        self.budgets[subscriber] = nil
    }

    /// Takes all subscribers out.
    mutating func removeAll() {
        self.budgets.removeAll()
    }

    /// Spends one signal of each subscriber; those that have spent all of theirs are passed over.
    mutating func deliver(now: ContinuousClock.Instant) -> [Delivery] {
        var deliveries: [Delivery] = []
        for subscriber in self.subscribers {
            guard let dropped = self.budgets[subscriber]?.spend(now: now) else { continue }
            let isSilent = self.budgets[subscriber]?.isSilent ?? false
            deliveries.append(Delivery(subscriber: subscriber, dropped: dropped, isSilent: isSilent))
        }
        return deliveries
    }

    /// A subscriber is about to be asked to answer: the number of signals that it has read if it does; `nil` if there is no
    /// need to.
    mutating func ask(_ subscriber: BusName) -> UInt64? { self.budgets[subscriber]?.ask() }

    /// A subscriber has answered what it was asked after so many signals, or has not in time (`nil`).
    mutating func answered(_ subscriber: BusName, _ count: UInt64?) { self.budgets[subscriber]?.answered(count) }
}
