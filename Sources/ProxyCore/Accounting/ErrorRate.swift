/// Whether so many requests fail that a person should know: a share of those of the last minutes, through no fault of their
/// callers.
///
/// It is raised once and lasts until the share has halved, so that a rate about the limit is one matter and not many.
public struct ErrorRate: Sendable, Equatable {
    /// What was found when it was raised.
    public struct Finding: Sendable, Equatable {
        /// Requests that failed.
        public var failed: Int
        /// Requests in all, without those that were their callers' own fault.
        public var all: Int
        /// The class that more of them failed with than with any other.
        public var errorClass: ErrorClass
        /// How many failed with that class.
        public var ofClass: Int

        /// Makes a finding.
        public init(failed: Int, all: Int, errorClass: ErrorClass, ofClass: Int) {
            self.failed = failed
            self.all = all
            self.errorClass = errorClass
            self.ofClass = ofClass
        }
    }

    /// How far it looks back.
    public static let window = Duration.seconds(300)
    /// Fewer failures than these say nothing, whatever their share is.
    public static let fewest = 10

    /// What was found; `nil` as long as, or once again, requests fare well.
    public private(set) var finding: Finding?
    private var all = Self.emptyCount
    /// By class, which is a closed set.
    private var failures: [ErrorClass: SlidingCount] = [:]

    /// Makes one that has seen nothing.
    public init() {}

    /// Counts a request that has ended, with the class of its error if it had one.
    public mutating func note(_ errorClass: ErrorClass?, at now: Instant) {
        if let errorClass, errorClass.isCallers { return }
        self.all.add(at: now)
        guard let errorClass, errorClass.isFailure else { return }
        self.failures[errorClass, default: Self.emptyCount].add(at: now)
    }

    /// Finds out how requests fare, and tells whether that is news: it is too many from now on, or not any more.
    ///
    /// `share` is from which share on it is too many, above 0 and at most 1; `nil` for never.
    public mutating func look(share: Double?, at now: Instant) -> Bool {
        let before = self.finding
        self.finding = share.flatMap { self.judge($0, at: now) }
        return (self.finding == nil) != (before == nil)
    }

    /// Forgets what was found once it is over, and finds nothing new: for those who only read what is known.
    public mutating func endIfOver(share: Double?, at now: Instant) {
        guard self.finding != nil else { return }
        self.finding = share.flatMap { self.judge($0, at: now) }
    }

    private func judge(_ share: Double, at now: Instant) -> Finding? {
        let counts = self.failures.mapValues { Self.sum($0, at: now) }
        let failed = counts.values.reduce(0, +)
        let all = Self.sum(self.all, at: now)
        if let finding = self.finding {
            let isOver = failed * 2 < Self.fewest || Double(failed * 2) < share * Double(all)
            // What was said when it began goes on being said.
            return isOver ? nil : finding
        }
        guard failed >= Self.fewest, Double(failed) >= share * Double(all) else { return nil }
        let most = counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return most.map { Finding(failed: failed, all: all, errorClass: $0.key, ofClass: $0.value) }
    }

    /// The window is counted in so many slots and the one that is running.
    private static let slots = 30

    private static var emptyCount: SlidingCount {
        SlidingCount(capacity: Self.slots + 1, width: .nanoseconds(Self.window.nanoseconds / Int64(Self.slots)))
    }

    private static func sum(_ count: SlidingCount, at now: Instant) -> Int {
        count.sum(ofLast: Self.slots + 1, at: now)
    }
}

extension ErrorClass {
    /// Whether the caller is to blame, or left.
    var isCallers: Bool {
        switch self {
        case .callerUnauthorized, .callerForbidden, .callerInvalidRequest, .callerTooLarge, .callerRateLimited,
            .callerBudgetExceeded, .callerCancelled, .callerModelUnknown:
            true
        case .providerAuthFailed, .providerForbidden, .providerBilling, .providerQuotaExhausted, .providerRateLimited,
            .providerOverloaded, .providerServerError, .providerRejected, .providerTimeout, .providerUnreachable,
            .providerTLS, .providerProtocol, .daemonNoUsableKey, .daemonOverloaded, .daemonStorage, .daemonInternal:
            false
        }
    }

    /// Whether something failed that was to work: a request that the provider finds fault with was answered.
    fileprivate var isFailure: Bool { !self.isCallers && self != .providerRejected }
}
