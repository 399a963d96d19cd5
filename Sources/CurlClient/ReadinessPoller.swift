import CEpoll
import Glibc
import Synchronization
import Threads

/// The one thread of a client whose loops the kernel does not tell (``KernelPoll``): it waits until libcurl's sockets of
/// some event loop are ready and tells that loop.
///
/// It never touches libcurl. Each engine's epoll set is a member of one master set, armed for a single report; the
/// engine arms it again when it has dealt with what was ready, so that a busy loop is told once and not over and over.
final class ReadinessPoller: Sendable {
    private let master: EpollSet
    private let stopEvent: Int32
    private let signEvent: Int32
    /// Who wants to hear that the thread turns; `nil` once it does so no more.
    private let signs = Mutex<[@Sendable () -> Void]?>([])
    private let waiters = Mutex<(finished: Bool, continuations: [CheckedContinuation<Void, Never>])>((false, []))

    private static let stopLabel = UInt64.max
    private static let signLabel = UInt64.max - 1

    /// Makes the poller; the thread starts with ``start(_:)``.
    init() throws(CurlClientError) {
        self.master = try EpollSet()
        self.stopEvent = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        self.signEvent = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard self.stopEvent >= 0, self.signEvent >= 0 else {
            throw CurlClientError(code: .system, message: "eventfd: error \(errno)")
        }
        for (event, label) in [(self.stopEvent, Self.stopLabel), (self.signEvent, Self.signLabel)] {
            let failure = self.master.watch(event, for: EPOLLIN.rawValue, label: label, isNew: true)
            guard failure == 0 else { throw CurlClientError(code: .system, message: "epoll_ctl: error \(failure)") }
        }
    }

    deinit {
        for event in [self.stopEvent, self.signEvent] where event >= 0 { close(event) }
    }

    /// Has the thread call a closure in its next turn; at once on the caller's if it has ended.
    func giveSign(_ sign: @escaping @Sendable () -> Void) {
        let isTaken = self.signs.withLock { signs in
            signs?.append(sign)
            return signs != nil
        }
        guard isTaken else { return sign() }
        var one: UInt64 = 1
        // Fails when the counter is full only, and then it is readable.
        _ = write(self.signEvent, &one, MemoryLayout<UInt64>.size)
    }

    private func giveSigns(isLast: Bool = false) {
        var count: UInt64 = 0
        // Fails when there is nothing to read only.
        _ = read(self.signEvent, &count, MemoryLayout<UInt64>.size)
        let signs = self.signs.withLock { signs in
            defer { signs = isLast ? nil : [] }
            return signs ?? []
        }
        for sign in signs { sign() }
    }

    /// Takes in an engine's set, to be reported as `index`.
    func add(_ set: EpollSet, index: Int) throws(CurlClientError) {
        let events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
        let failure = self.master.watch(set.descriptor, for: events, label: UInt64(index), isNew: true)
        guard failure == 0 else { throw CurlClientError(code: .system, message: "epoll_ctl: error \(failure)") }
    }

    /// Has the set reported once more, at once if it is ready now.
    ///
    /// The result is the error number, 0 for none.
    func rearm(_ set: EpollSet, index: Int) -> Int32 {
        let events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
        return self.master.watch(set.descriptor, for: events, label: UInt64(index), isNew: false)
    }

    /// Takes a set out.
    func remove(_ set: EpollSet) {
        self.master.forget(set.descriptor)
    }

    /// Starts the thread, which calls `report` with the index of each set that is ready.
    func start(_ report: @escaping @Sendable (Int) -> Void) throws(CurlClientError) {
        let failure = DetachedThread.start(named: "curl-poller") { self.run(report) }
        guard failure == 0 else { throw CurlClientError(code: .system, message: "pthread_create: error \(failure)") }
    }

    /// Ends the thread and waits until it touches nothing any more.
    func stop() async {
        var one: UInt64 = 1
        // Cannot fail: the counter of an eventfd that is written once per stop never overflows.
        _ = write(self.stopEvent, &one, MemoryLayout<UInt64>.size)
        await withCheckedContinuation { continuation in
            let hasFinished = self.waiters.withLock { waiters in
                if !waiters.finished { waiters.continuations.append(continuation) }
                return waiters.finished
            }
            if hasFinished { continuation.resume() }
        }
    }

    private func run(_ report: @Sendable (Int) -> Void) {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var goesOn = true
        while goesOn {
            let count = self.master.wait(&events, upTo: events.count, milliseconds: -1)
            // Only a bad descriptor fails here, and this object owns it.
            if count < 0 { break }
            for event in events.prefix(count) {
                switch event.data.u64 {
                case Self.stopLabel: goesOn = false
                case Self.signLabel: self.giveSigns()
                default: report(Int(event.data.u64))
                }
            }
        }
        self.giveSigns(isLast: true)
        let continuations = self.waiters.withLock { waiters in
            waiters.finished = true
            defer { waiters.continuations = [] }
            return waiters.continuations
        }
        for continuation in continuations { continuation.resume() }
    }
}
