/// Of whom the log was told lately that it is limited: once in a minute for each caller.
struct LimitNotices: Sendable {
    /// Of so many callers it is known; of others nothing is told until there is room.
    static let capacity = 256
    /// How often the log is told of a caller.
    static let interval = Duration.seconds(60)

    private var told: [LimitKey: Instant] = [:]
    private var nextPruning = Instant(nanoseconds: .min)

    /// The log was told of nobody.
    init() {}

    /// Whether the log is to be told of a caller now, which is noted.
    mutating func isNews(_ caller: LimitKey, at now: Instant) -> Bool {
        if let last = self.told[caller] {
            guard now - last >= Self.interval else { return false }
        } else if self.told.count >= Self.capacity {
            guard now >= self.nextPruning else { return false }
            self.nextPruning = now + .seconds(1)
            self.told = self.told.filter { now - $0.value < Self.interval }
            guard self.told.count < Self.capacity else { return false }
        }
        self.told[caller] = now
        return true
    }
}
