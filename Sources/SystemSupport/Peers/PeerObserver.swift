import Dispatch
import Glibc
public import ProxyCore
import Synchronization

/// Looks at who is behind connections from this machine: user, process and systemd unit.
///
/// What is found is an observation and nothing is allowed or refused by it. Nobody waits for it: look-ups run on queues
/// of their own, many at a time. Callers over Unix sockets are looked at without delay, for their process numbers are
/// known; those over TCP need a walk through all processes, and there are pauses between these (``LookupPace``). The
/// process behind a TCP connection is found only where this process may look into the other's descriptors (`ptrace(2)`
/// access, as a rule: the same user and no namespace in between).
public final class PeerObserver: CallerObserver {
    /// What waits to be looked at one way, and who looks.
    private final class Lane: Sendable {
        let queue: DispatchQueue
        let waiting = Mutex(PendingPeers())
        let pace = Mutex(LookupPace())
        // Used on the queue only, one round at a time: the lock is always free.
        let lookup: Mutex<PeerLookup>

        init(_ label: String, asksKernel: Bool) {
            self.queue = DispatchQueue(label: label, qos: .utility)
            self.lookup = Mutex(PeerLookup(asksKernel: asksKernel))
        }
    }

    /// Callers whose process number is known: some files to read for each.
    private let unix = Lane("kmi.peers.unix", asksKernel: false)
    /// Callers whose process has to be searched for.
    private let loopback = Lane("kmi.peers.loopback", asksKernel: true)
    private let ticksPerSecond: UInt64

    /// Makes an observer; nothing runs before the first connection.
    public init() {
        // 100 on every system of today.
        self.ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Begins to look; returns at once.
    ///
    /// A Unix socket's user and process number are known from the beginning.
    public func observe(_ ends: ConnectionEnds) -> any CallerObservation {
        let observation = PeerObservation(Self.knownAtOnce(ends))
        let now = SystemClock.nanosecondsSinceBoot()
        let peer = PendingPeer(ends: ends, observation: observation, seenAtTicks: self.ticks(now))
        let lane =
            switch ends {
            case .unix: self.unix
            case .loopback: self.loopback
            }
        if lane.waiting.withLock({ $0.add(peer) }) { self.schedule(lane, at: now) }
        return observation
    }

    private static func knownAtOnce(_ ends: ConnectionEnds) -> ObservedCaller? {
        guard case .unix(let userID, let processID) = ends else { return nil }
        var caller = ObservedCaller()
        caller.userID = userID
        // The kernel gives 0 for a process that this one's namespace does not show.
        if processID > 0 { caller.processID = processID }
        return caller
    }

    private func ticks(_ nanoseconds: Int64) -> UInt64 {
        let (seconds, rest) = UInt64(max(0, nanoseconds)).quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds * self.ticksPerSecond + rest * self.ticksPerSecond / 1_000_000_000
    }

    private func schedule(_ lane: Lane, at now: Int64) {
        let delay = lane.pace.withLock { $0.delay(at: now) }
        guard delay > 0 else { return lane.queue.async { self.round(lane) } }
        lane.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay))) { self.round(lane) }
    }

    /// Looks for all that wait.
    private func round(_ lane: Lane) {
        let began = SystemClock.nanosecondsSinceBoot()
        let peers = lane.waiting.withLock { $0.take() }
        lane.lookup.withLock { $0.look(for: peers) }
        let now = SystemClock.nanosecondsSinceBoot()
        if lane === self.loopback { lane.pace.withLock { $0.ended(began: began, at: now) } }
        if lane.waiting.withLock({ $0.ended() }) { self.schedule(lane, at: now) }
    }
}
