/// What callers have used, in a table of bounded size (K-031).
///
/// An entry leaves only when it says nothing any more that a new one would not say, so that forgetting never grants
/// anything. When the table is full of others a newcomer shares one entry, the overflow, with all other newcomers, its
/// limits applied to all of them together. Since whoever comes later might be one of those who used that, its own entry begins
/// with what is used of it; and as long as anything of it is under way or waits nobody else gets an entry of its own.
struct LimitTable: Sendable {
    /// The place of the entry that newcomers share when there is none left.
    static let overflow = 0
    /// How many entries are looked at for one to forget, when a new one is needed and when not.
    private static let (sweepOfNeed, sweepOfHabit) = (32, 2)

    /// The most entries, without the shared one.
    let capacity: Int
    /// Entries that were forgotten.
    private(set) var evictions: UInt64 = 0
    /// Requests that shared the overflow.
    private(set) var overflows: UInt64 = 0

    private var uses: [LimitUse] = [LimitUse()]
    private var keys: [LimitKey?] = [nil]
    private var places: [LimitKey: Int] = [:]
    private var free: [Int] = []
    private var hand = 0

    /// Makes an empty table.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// How many entries there are.
    var count: Int { self.places.count }

    /// What is used at a place.
    subscript(place: Int) -> LimitUse {
        get { self.uses[place] }
        _modify { yield &self.uses[place] }
    }

    /// The place of a caller's entry, made if there is none.
    ///
    /// It stays its place as long as something of it is under way or waits.
    mutating func place(of key: LimitKey, at now: Instant) -> Int {
        self.sweep(Self.sweepOfHabit, at: now)
        if let known = self.places[key] { return known }
        let shared = self.uses[Self.overflow]
        guard shared.inside == 0, shared.waiting == 0 else { return self.shared() }
        if self.free.isEmpty, self.uses.count > self.capacity { self.sweep(Self.sweepOfNeed, at: now) }
        let place: Int
        if let last = self.free.popLast() {
            place = last
            self.keys[place] = key
        } else if self.uses.count <= self.capacity {
            place = self.uses.count
            self.uses.append(LimitUse())
            self.keys.append(key)
        } else {
            return self.shared()
        }
        self.uses[place] = shared
        self.places[key] = place
        return place
    }

    private mutating func shared() -> Int {
        self.overflows &+= 1
        return Self.overflow
    }

    /// Looks at the next few entries and forgets those that say nothing.
    private mutating func sweep(_ count: Int, at now: Instant) {
        // A few entries more or less make no difference to anybody.
        guard self.uses.count > 64 else { return }
        for _ in 0..<count {
            self.hand = self.hand + 1 < self.uses.count ? self.hand + 1 : 1
            guard let key = self.keys[self.hand], self.uses[self.hand].isUnused(at: now) else { continue }
            self.places[key] = nil
            self.keys[self.hand] = nil
            self.uses[self.hand] = LimitUse()
            self.free.append(self.hand)
            self.evictions &+= 1
        }
    }
}
