import DBusControl
import Glibc
import Synchronization

/// What waits to be taken in by the thread that draws; everybody may put something in.
///
/// Bounded: of requests that find no room only the number is kept.
final class TopInbox: Sendable {
    /// What has come since it was last looked into.
    struct Contents: Sendable {
        var events: [TopEvent] = []
        var signals: Set<CInt> = []
        /// Whether the view is to end because whoever asked for it does not want it any more.
        var isClosed = false
    }

    /// The most events that wait.
    static let capacity = 2048
    /// So many requests wake the thread; fewer wait for the next picture.
    private static let wakingCount = 256
    /// A byte that is no signal.
    private static let wakeUp: UInt8 = 0

    /// A descriptor that can be read from while something wants to be looked at.
    let readiness: CInt
    /// Takes the numbers of signals, one byte each; never waits.
    let signals: CInt
    private let state = Mutex((contents: Contents(), missed: UInt64(0)))

    /// Fails if there are no descriptors.
    init() throws(CommandFailure) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.failed(errno) }
        self.readiness = ends[0]
        self.signals = ends[1]
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) < 0 || fcntl(end, F_SETFL, O_NONBLOCK) < 0 {
            throw Self.failed(errno)
        }
    }

    deinit {
        close(self.readiness)
        close(self.signals)
    }

    /// Puts an event in.
    func put(_ event: TopEvent) {
        let wakes = self.state.withLock { state in
            guard state.contents.events.count < Self.capacity else {
                if case .finished(let row) = event { state.missed &+= row.dropped &+ 1 }
                // A later status replaces one that is lost, and a key that is lost is pressed again.
                return true
            }
            state.contents.events.append(event)
            guard case .finished = event else { return true }
            return state.contents.events.count % Self.wakingCount == 0
        }
        if wakes { self.wake() }
    }

    /// Lets the view end.
    func finish() {
        self.state.withLock { $0.contents.isClosed = true }
        self.wake()
    }

    /// Takes everything out.
    func take() -> Contents {
        var bytes = [UInt8](repeating: 0, count: 64)
        var signals: Set<CInt> = []
        // It does not wait; emptied first, so that what comes from now on wakes again.
        while true {
            let count = read(self.readiness, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            signals.formUnion(bytes.prefix(count).filter { $0 != Self.wakeUp }.map(CInt.init))
        }
        return self.state.withLock { state in
            var contents = state.contents
            contents.signals = signals
            if state.missed > 0 { contents.events.append(.missed(state.missed)) }
            state = (Contents(isClosed: contents.isClosed), 0)
            return contents
        }
    }

    private static func failed(_ code: CInt) -> CommandFailure {
        CommandFailure(.failed, code: "resources", "no pipe to be woken with: \(SystemText.of(code))")
    }

    private func wake() {
        var byte = Self.wakeUp
        // Where it is full, the thread wakes all the same.
        _ = write(self.signals, &byte, 1)
    }
}
