import Dispatch
import Glibc
public import ProxyCore
import Synchronization

/// Looks at who is behind connections from this machine: user, process and systemd unit.
///
/// What is found is an observation and nothing is allowed or refused by it. Nobody waits for it: look-ups run on a
/// queue of their own, many at a time, with pauses in between. The process behind a TCP connection is found only where
/// this process may look into the other's descriptors (`ptrace(2)` access, as a rule: the same user and no namespace in
/// between).
public final class PeerObserver: CallerObserver {
    /// How many connections wait to be looked at; what comes beyond that stays unknown.
    public static let maximumPending = 4_096

    private struct Waiting {
        var peers: [PendingPeer] = []
        var isScheduled = false
        var pace = LookupPace()
        var passedOver = 0
    }

    private let queue = DispatchQueue(label: "kmi.peers", qos: .utility)
    private let waiting = Mutex(Waiting())
    // Used on the queue only, one round at a time: the lock is always free.
    private let lookup = Mutex(PeerLookup())
    private let ticksPerSecond: UInt64

    /// Makes an observer; nothing runs before the first connection.
    public init() {
        // 100 on every system of today.
        self.ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// How many connections were not looked at because too many were waiting.
    public var passedOver: Int { self.waiting.withLock { $0.passedOver } }

    /// Begins to look; returns at once.
    ///
    /// A Unix socket's user and process number are known from the beginning.
    public func observe(_ ends: ConnectionEnds) -> any CallerObservation {
        let observation = PeerObservation(Self.knownAtOnce(ends))
        let now = SystemClock.nanosecondsSinceBoot()
        let peer = PendingPeer(ends: ends, observation: observation, seenAtTicks: self.ticks(now))
        let delay = self.waiting.withLock { waiting -> Int64? in
            guard waiting.peers.count < Self.maximumPending else {
                waiting.passedOver += 1
                return nil
            }
            waiting.peers.append(peer)
            guard !waiting.isScheduled else { return nil }
            waiting.isScheduled = true
            return waiting.pace.delay(at: now)
        }
        if let delay { self.schedule(after: delay) }
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

    private func schedule(after delay: Int64) {
        self.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay))) { self.round() }
    }

    /// Looks for all that wait.
    private func round() {
        let began = SystemClock.nanosecondsSinceBoot()
        let peers = self.waiting.withLock { waiting in
            defer { waiting.peers.removeAll() }
            return waiting.peers
        }
        self.lookup.withLock { $0.look(for: peers) }
        let now = SystemClock.nanosecondsSinceBoot()
        let delay = self.waiting.withLock { waiting -> Int64? in
            waiting.pace.ended(began: began, at: now)
            waiting.isScheduled = !waiting.peers.isEmpty
            return waiting.isScheduled ? waiting.pace.delay(at: now) : nil
        }
        if let delay { self.schedule(after: delay) }
    }
}
