public import ProxyCore
import Synchronization

/// Refuses new work while memory is short (L-009).
///
/// It does not look by itself: reading the kernel's files may block. Whoever is to look waits for ``wishes`` and tells
/// what it found to ``Gateway/noteMemory(_:at:)``, once a second as long as ``isWatchNeeded(inFlight:)``, then says that it
/// ``rest()``s. A daemon without requests does not look at all.
public final class MemoryPressureGauge: Sendable {
    private struct State {
        var pressure = MemoryPressure()
        var threshold: Double?
    }

    private let state: Mutex<State>
    // What every request reads, without a lock.
    private let sheds = Atomic(false)
    private let isOn: Atomic<Bool>
    private let isWatched = Atomic(false)
    private let wish: AsyncStream<Void>.Continuation
    /// An element for each time that somebody is to look; for one listener.
    public let wishes: AsyncStream<Void>

    /// Makes a gauge; no `threshold` (in percent) refuses nothing.
    init(threshold: Double?) {
        self.state = Mutex(State(threshold: threshold))
        self.isOn = Atomic(threshold != nil)
        (self.wishes, self.wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether new work is refused.
    public var isShedding: Bool { self.sheds.load(ordering: .relaxed) }

    /// What was read last; `nil` before the first time.
    public var reading: MemoryPressure.Reading? { self.state.withLock { $0.pressure.reading } }

    /// What is answered to a request that begins now: 503 `overloaded` while memory is short, else `nil`.
    ///
    /// Asking has somebody look, if nobody does. Health, metrics, control and what runs already never ask.
    public func refusal(at now: Instant) -> ProxyFault? {
        self.wake()
        guard self.isShedding, let wait = self.state.withLock({ $0.pressure.retryAfter(at: now) }) else { return nil }
        return ProxyFault(
            .overloaded, message: "Memory is short on this machine: new requests are refused until it is not.",
            retryAfter: wait)
    }

    /// Has somebody look, if nobody does and something could come of it.
    public func wake() {
        guard self.isOn.load(ordering: .relaxed), !self.isWatched.load(ordering: .relaxed),
            !self.isWatched.exchange(true, ordering: .relaxed)
        else { return }
        self.wish.yield()
    }

    /// Whether it is to be looked at again in a second.
    public func isWatchNeeded(inFlight: Int) -> Bool { self.isShedding || inFlight > 0 }

    /// Nobody looks any more until the next wish.
    public func rest() { self.isWatched.store(false, ordering: .relaxed) }

    /// Somebody listens to ``wishes`` from now on, perhaps after another one who has failed: what that one was asked for is
    /// wished anew, if it is still needed.
    public func beginWatch(inFlight: Int) {
        self.rest()
        if self.isWatchNeeded(inFlight: inFlight) { self.wake() }
    }

    /// Puts another threshold in force; it counts from the next look.
    func configure(threshold: Double?) {
        self.state.withLock { $0.threshold = threshold }
        self.isOn.store(threshold != nil, ordering: .relaxed)
    }

    /// Takes what was read; returns what it changed.
    func note(_ reading: MemoryPressure.Reading, at now: Instant) -> MemoryPressure.Change? {
        self.state.withLock { state in
            let change = state.pressure.note(reading, threshold: state.threshold, at: now)
            self.sheds.store(state.pressure.cause != nil, ordering: .relaxed)
            return change
        }
    }
}
