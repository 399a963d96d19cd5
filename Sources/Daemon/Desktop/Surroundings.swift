import ProxyCore

/// What the machine around the daemon does to it: a pure value that takes in what the system tells, with the times, and gives
/// out what is to be done.
///
/// After sleep, and on another network, connections to providers are dead although nobody has said so, and what failed for
/// want of a way there may work. On battery, and where every byte is paid for, what happens in the background happens more
/// seldom.
struct Surroundings: Sendable {
    /// Who tells of the network; what NetworkManager says counts before what systemd-networkd says.
    enum NetworkSource: Sendable, CaseIterable {
        case networkManager
        case networkd
    }

    /// The way out of the machine.
    struct Network: Sendable, Equatable {
        /// Whether there is one.
        var isOnline: Bool
        /// What tells one from another; empty if nothing does.
        var route = ""
    }

    /// What happens.
    enum Event: Sendable, Equatable {
        /// The machine is about to sleep, or has woken up.
        case sleep(Bool)
        /// The network is like this now; `nil` when nobody tells any more.
        case network(NetworkSource, Network?)
        /// Whether the network is paid for by what goes over it.
        case metered(Bool)
        /// Whether the machine runs on battery.
        case onBattery(Bool)
        /// Nobody tells anything any more: what was said holds no longer.
        case silence
        /// Time has passed.
        case tick
    }

    /// Why everything is looked at again.
    enum Reason: String, Sendable {
        case resumed
        case network
    }

    /// What is to be done.
    enum Action: Sendable, Equatable {
        /// End idle connections, let providers be tried again, check keys.
        case lookAgain(Reason)
        /// Do what happens in the background so many times more seldom; 1 for as usual.
        case slow(by: Int)
    }

    /// So long after it has woken up it is looked at again, whatever is said of the network: who says that there is none may
    /// only not know the way that is used.
    static let patience = Duration.seconds(30)
    /// The shortest time between two looks: networks that come and go are no reason to ask providers all the time.
    static let pause = Duration.seconds(10)
    /// How many times more seldom things happen on battery or on a metered network.
    static let slowness = 4

    private var networks: [NetworkSource: Network] = [:]
    private var isAsleep = false
    private var isMetered = false
    private var isOnBattery = false
    private var slowed = 1
    /// A look that has not been taken.
    private var pending: Reason?
    /// When it woke up, as long as that look has not been taken.
    private var woken: Instant?
    private var lastLook: Instant?

    init() {}

    /// The network as it is told, and who tells; `nil` if nobody does.
    private var told: (by: NetworkSource, network: Network)? {
        for source in NetworkSource.allCases {
            if let network = self.networks[source] { return (source, network) }
        }
        return nil
    }

    /// When ``Event/tick`` has something to do; `nil` for not before something else happens.
    var next: Instant? {
        guard self.pending != nil, let earliest = self.readyAt else { return nil }
        return max(earliest, self.lastLook.map { $0 + Self.pause } ?? earliest)
    }

    /// From when on a look is taken, which may have passed; `nil` for not before something else happens.
    private var readyAt: Instant? {
        guard !self.isAsleep else { return nil }
        return self.told?.network.isOnline ?? true ? Instant(nanoseconds: 0) : self.woken.map { $0 + Self.patience }
    }

    /// Takes an event in, and answers what is to be done.
    mutating func take(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .sleep(let begins):
            if !begins { (self.pending, self.woken) = (.resumed, now) }
            self.isAsleep = begins
        case .network(let source, let network):
            let before = self.told
            self.networks[source] = network
            if let before, let after = self.told, after.network.isOnline,
                // What one calls a way says nothing of what another one does.
                before.by == after.by ? before.network != after.network : !before.network.isOnline
            {
                self.pending = self.pending ?? .network
            }
        case .metered(let isMetered): self.isMetered = isMetered
        case .onBattery(let isOnBattery): self.isOnBattery = isOnBattery
        case .silence:
            self.networks = [:]
            (self.isAsleep, self.isMetered, self.isOnBattery) = (false, false, false)
        case .tick: break
        }
        return self.looks(at: now) + self.pace()
    }

    private mutating func looks(at now: Instant) -> [Action] {
        guard let reason = self.pending, let next = self.next, next <= now else { return [] }
        (self.pending, self.woken) = (nil, nil)
        self.lastLook = now
        return [.lookAgain(reason)]
    }

    private mutating func pace() -> [Action] {
        let wanted = self.isMetered || self.isOnBattery ? Self.slowness : 1
        guard wanted != self.slowed else { return [] }
        self.slowed = wanted
        return [.slow(by: wanted)]
    }
}
