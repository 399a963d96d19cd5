/// What is known of the windows of one key's plan, and of its limits.
struct KeyWindows: Sendable, Equatable {
    /// One window as it was told.
    struct Known: Sendable, Equatable {
        /// The window.
        var window: UsageWindow
        /// When it was told.
        var readAt: Instant
        /// When the attempt began whose answer told of it, or the check.
        var begun: Instant
        /// When it says nothing any more: at its reset, or soon if it has none and came with an answer.
        var expiresAt: Instant?
        /// What was worth remembering last.
        var noted: Noted

        /// Whether what is used is still known.
        func isValid(at now: Instant) -> Bool { self.expiresAt.map { $0 > now } ?? true }
    }

    /// What of a window has to change for a change to be worth remembering.
    struct Noted: Sendable, Equatable {
        /// The share that is left.
        var share: Double?
        /// The reset.
        var resetsAt: WallTime?

        init(_ window: UsageWindow) {
            self.share = window.remainingShare
            self.resetsAt = window.resetsAt
        }

        /// Whether the window differs by a hundredth of it, or its reset by a minute.
        func differs(from window: UsageWindow) -> Bool {
            let share = window.remainingShare
            if (share == nil) != (self.share == nil) || (window.resetsAt == nil) != (self.resetsAt == nil) {
                return true
            }
            if let share, let former = self.share, abs(share - former) >= 0.01 { return true }
            guard let reset = window.resetsAt, let former = self.resetsAt else { return false }
            return reset - former >= .seconds(60) || former - reset >= .seconds(60)
        }
    }

    /// How many windows of each source are kept.
    static let capacity = 32
    /// How long a limit counts that an answer told of without its reset.
    static let headerLife = Duration.seconds(60)
    /// Below this share a key is warned of.
    static let warnedShare = 0.2

    /// All of them, in the order in which they were told.
    private(set) var known: [Known] = []
    /// The smallest share until ``lowestUntil``.
    private var lowest: Double?
    private var lowestUntil = Instant(nanoseconds: .max)

    /// Whether nothing was told ever.
    var isEmpty: Bool { self.known.isEmpty }

    // MARK: What is told

    /// Puts the windows of the usage endpoint in the place of all that it told before; answers whether that differs.
    mutating func replacePanel(_ windows: [UsageWindow], begun: Instant, at moment: Moment) -> Bool {
        let former = self.known.filter { $0.window.source == .panel }.map(\.window)
        let fresh = windows.prefix(Self.capacity).map { window in
            var window = window
            window.source = .panel
            return window
        }
        self.known.removeAll { $0.window.source == .panel }
        for window in fresh { self.append(window, begun: begun, readAt: moment.instant, at: moment) }
        self.refresh(at: moment.instant)
        return former != fresh
    }

    /// Takes over windows of header fields, each in the place of its namesake; answers whether that is worth remembering.
    ///
    /// What an attempt tells that began before the one that told last is old news.
    mutating func update(_ windows: [UsageWindow], begun: Instant, at moment: Moment) -> Bool {
        var isWorthIt = false
        for var window in windows {
            window.source = .headers
            let place = self.known.firstIndex { $0.window.source == .headers && $0.window.name == window.name }
            guard let place else {
                guard self.known.count < 2 * Self.capacity else { continue }
                self.append(window, begun: begun, readAt: moment.instant, at: moment)
                isWorthIt = true
                continue
            }
            guard self.known[place].begun <= begun else { continue }
            let noted = self.known[place].noted
            let differs = noted.differs(from: window)
            self.known[place] = Known(
                window: window, readAt: moment.instant, begun: begun,
                expiresAt: Self.expiry(of: window, readAt: moment.instant, at: moment),
                noted: differs ? Noted(window) : noted)
            if differs { isWorthIt = true }
        }
        self.refresh(at: moment.instant)
        return isWorthIt
    }

    /// Takes over what was remembered.
    mutating func restore(_ windows: [UsageWindow], readAt: Instant, at moment: Moment) {
        for window in windows.prefix(2 * Self.capacity) {
            self.append(window, begun: readAt, readAt: readAt, at: moment)
        }
        self.refresh(at: moment.instant)
    }

    /// Counts resets by another time of day.
    mutating func noteClock(at moment: Moment) {
        for place in self.known.indices {
            self.known[place].expiresAt = Self.expiry(
                of: self.known[place].window, readAt: self.known[place].readAt, at: moment)
        }
        self.refresh(at: moment.instant)
    }

    private mutating func append(_ window: UsageWindow, begun: Instant, readAt: Instant, at moment: Moment) {
        self.known.append(
            Known(
                window: window, readAt: readAt, begun: begun,
                expiresAt: Self.expiry(of: window, readAt: readAt, at: moment), noted: Noted(window)))
    }

    private static func expiry(of window: UsageWindow, readAt: Instant, at moment: Moment) -> Instant? {
        if let reset = window.resetsAt { return moment.instant(of: reset) }
        return window.source == .headers ? readAt + Self.headerLife : nil
    }

    // MARK: What is asked

    /// The smallest share that is left of any of them; `nil` if none is known.
    func remainingShare(at now: Instant) -> Double? {
        now < self.lowestUntil ? self.lowest : self.smallestShare(at: now)
    }

    /// Whether less than a fifth is left of any of them.
    func isWarned(at now: Instant) -> Bool {
        self.remainingShare(at: now).map { $0 < Self.warnedShare } ?? false
    }

    /// All of them; of one that began anew since it was told nothing is known to be used.
    func windows(at now: Instant) -> [UsageWindow] {
        self.known.map { known in
            guard !known.isValid(at: now) else { return known.window }
            var window = known.window
            window.used = nil
            return window
        }
    }

    /// The reset to come of the window of that name, by the usage endpoint first.
    func reset(of name: String, at now: Instant) -> Known? {
        let named = self.known.filter {
            $0.window.name == name && $0.window.resetsAt != nil && $0.isValid(at: now)
        }
        return named.first { $0.window.source == .panel } ?? named.first
    }

    /// The full windows of the usage endpoint whose reset is still to come, or unknown; money is none.
    func fullPanel(at now: Instant) -> [Known] {
        self.known.filter {
            $0.window.source == .panel && $0.window.name != UsageWindow.balanceName && $0.window.isFull
                && $0.isValid(at: now)
        }
    }

    private mutating func refresh(at now: Instant) {
        self.lowest = self.smallestShare(at: now)
        self.lowestUntil =
            self.known.filter { $0.isValid(at: now) }.compactMap(\.expiresAt).min() ?? Instant(nanoseconds: .max)
    }

    private func smallestShare(at now: Instant) -> Double? {
        var smallest: Double?
        for known in self.known where known.isValid(at: now) {
            guard let share = known.window.remainingShare else { continue }
            smallest = min(smallest ?? share, share)
        }
        return smallest
    }
}
