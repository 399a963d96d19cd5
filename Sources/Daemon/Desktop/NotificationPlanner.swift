import ProxyCore

/// Decides what the desktop shows and when: a pure value that takes in events with their times and gives out what is to be
/// done.
///
/// There is at most one message about each matter. What comes within some seconds is one message; what changes replaces it;
/// what is over is withdrawn; what a person has closed is not shown again unless something is added. Over all matters no more
/// than a few messages a minute are shown: what is put off is shown later as it stands then.
struct NotificationPlanner: Sendable {
    typealias Matter = DesktopNotification.Matter

    /// Its times and bounds.
    struct Policy: Sendable {
        /// How long it waits for more before it shows something.
        var settling = Duration.seconds(3)
        /// So many messages are shown within a minute at most.
        var mostInAMinute = 6
        /// How long a matter is left alone that a person mutes.
        var muting = Duration.seconds(3_600)
        /// The pause after a server has not taken a message; it doubles up to ``longestPause``.
        var pause = Duration.seconds(30)
        var longestPause = Duration.seconds(600)
    }

    /// What happens.
    enum Event: Sendable, Equatable {
        /// This is how things are now; with `isWanted` off nothing is shown.
        case situation(DesktopSituation, isWanted: Bool)
        /// There is a server, or one that the bus starts when it is called.
        case serverCame
        /// The server has gone, and with it all that it showed.
        case serverWent
        /// The server shows a message under this number.
        case shown(Matter, id: UInt32)
        /// The server did not take it.
        case failed(Matter)
        /// A message is not there any more: a person has closed it, or its time was over.
        case closed(id: UInt32)
        /// A person has chosen something; what it is called is what the server says.
        case chosen(id: UInt32, String)
        /// The keys that were to be checked have been.
        case checked
        /// Time has passed.
        case tick
        /// The daemon ends.
        case end
    }

    /// What is to be done.
    enum Action: Sendable, Equatable {
        /// Show a message, in the place of the one of this number; 0 for in nobody's.
        case show(Matter, DesktopNotification, replacing: UInt32)
        /// Take a message away.
        case withdraw(id: UInt32)
        /// Ask the providers about these keys.
        case check([KeyLabel])
    }

    private struct Place {
        var wanted: DesktopNotification?
        /// What was shown last; stays when a person has closed it.
        var told: DesktopNotification?
        /// What of it still holds.
        var toldSubjects: Set<String> = []
        /// Its number, while it is there.
        var id: UInt32?
        var isOnItsWay = false
        /// When it may be shown.
        var due: Instant?
        var failures = 0
        var mutedUntil: Instant?
        var isBeingChecked = false

        /// Whether something is to be shown that is not there, and that nobody has closed.
        var hasNews: Bool {
            guard let wanted = self.wanted, !self.isBeingChecked else { return false }
            return self.id != nil ? self.told != wanted : !wanted.subjects.isSubset(of: self.toldSubjects)
        }

        /// Forgets what was shown: if it still holds it is shown again.
        mutating func forget() {
            self.told = nil
            self.toldSubjects = []
        }
    }

    private let policy: Policy
    private var places: [Matter: Place] = [:]
    private var isServerThere = false
    private var isWanted = true
    /// When messages were shown within the last minute.
    private var lately: [Instant] = []

    init(policy: Policy = Policy()) {
        self.policy = policy
    }

    /// When ``Event/tick`` has something to do; `nil` for never.
    var next: Instant? {
        guard self.isServerThere else { return nil }
        return self.places.values.compactMap { $0.isOnItsWay ? nil : $0.due }.min()
    }

    /// The numbers of all messages that are there.
    var visible: [UInt32] { Matter.allCases.compactMap { self.places[$0]?.id } }

    /// Takes an event in, and answers what is to be done, in this order.
    mutating func take(_ event: Event, at now: Instant) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .situation(let situation, let isWanted):
            self.isWanted = isWanted
            for matter in Matter.allCases {
                self.places[matter, default: Place()].wanted =
                    isWanted ? DesktopNotification(matter, of: situation) : nil
            }
        case .serverCame: self.isServerThere = true
        case .serverWent:
            self.isServerThere = false
            for (matter, place) in self.places {
                // Whoever asked loses sight of the answer with the message, and a lost connection may have lost the end.
                self.places[matter]?.isBeingChecked = false
                if place.id != nil || place.isOnItsWay { self.lose(matter) }
            }
        case .shown(let matter, let id):
            self.places[matter]?.isOnItsWay = false
            self.places[matter]?.id = id
            self.places[matter]?.failures = 0
        case .failed(let matter): self.failed(matter, at: now)
        case .closed(let id):
            if let matter = self.matter(of: id) { self.places[matter]?.id = nil }
        case .chosen(let id, let choice):
            if let matter = self.matter(of: id) { actions += self.chosen(choice, matter, at: now) }
        case .checked:
            for matter in self.places.keys { self.places[matter]?.isBeingChecked = false }
        case .tick: break
        case .end:
            self.isWanted = false
            for matter in self.places.keys { self.places[matter]?.wanted = nil }
        }
        for matter in Matter.allCases { actions += self.settle(matter, at: now) }
        return actions
    }

    // MARK: Steps

    private func matter(of id: UInt32) -> Matter? {
        Matter.allCases.first { self.places[$0]?.id == id }
    }

    private mutating func lose(_ matter: Matter) {
        self.places[matter]?.id = nil
        self.places[matter]?.isOnItsWay = false
        self.places[matter]?.due = nil
        self.places[matter]?.forget()
    }

    private mutating func failed(_ matter: Matter, at now: Instant) {
        guard var place = self.places[matter] else { return }
        let pause = min(self.policy.pause * (1 << min(place.failures, 16)), self.policy.longestPause)
        place.isOnItsWay = false
        place.failures += 1
        place.forget()
        place.due = now + pause
        self.places[matter] = place
    }

    private mutating func chosen(_ choice: String, _ matter: Matter, at now: Instant) -> [Action] {
        guard var place = self.places[matter], let choice = DesktopNotification.Choice(rawValue: choice) else {
            return []
        }
        var actions: [Action] = []
        switch choice {
        case .check:
            // A button that is pressed twice, or told of twice, is one wish.
            guard let keys = place.wanted?.keys, !keys.isEmpty, !place.isBeingChecked else { return [] }
            // Whoever asks wants to see an answer: what still holds is shown anew.
            place.isBeingChecked = true
            place.forget()
            actions.append(.check(keys))
        case .mute: place.mutedUntil = now + self.policy.muting
        }
        self.places[matter] = place
        return actions
    }

    /// Brings what is shown about a matter in line with what is to be shown.
    private mutating func settle(_ matter: Matter, at now: Instant) -> [Action] {
        guard var place = self.places[matter] else { return [] }
        defer { self.places[matter] = place }
        if let muted = place.mutedUntil, muted <= now { place.mutedUntil = nil }
        guard let wanted = place.wanted, place.mutedUntil == nil else {
            // Over, or not to be seen for a while.
            place.due = place.wanted == nil ? nil : place.mutedUntil
            place.forget()
            defer { place.id = nil }
            return place.id.map { [.withdraw(id: $0)] } ?? []
        }
        // What was told of and is over is news when it comes back.
        place.toldSubjects.formIntersection(wanted.subjects)
        guard place.hasNews, self.isServerThere else {
            place.due = nil
            return []
        }
        guard !place.isOnItsWay else { return [] }
        let due = place.due ?? now + self.policy.settling
        place.due = due
        guard due <= now else { return [] }
        self.lately.removeAll { $0 + .seconds(60) <= now }
        if self.lately.count >= self.policy.mostInAMinute, let first = self.lately.first {
            place.due = first + .seconds(60)
            return []
        }
        self.lately.append(now)
        place.due = nil
        place.isOnItsWay = true
        place.told = wanted
        place.toldSubjects = wanted.subjects
        return [.show(matter, wanted, replacing: place.id ?? 0)]
    }
}
