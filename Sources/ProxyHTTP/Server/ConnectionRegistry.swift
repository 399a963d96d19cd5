import NIOCore
import Synchronization

/// The connections of a server: who is let in, how many there are, and how all of them are reached.
final class ConnectionRegistry: Sendable {
    /// What becomes of a connection that was accepted.
    enum Admission: Sendable, Equatable {
        /// It is served.
        case served
        /// It is told that there are too many, or that the server is going.
        case refused
        /// Even too many are being told so: it is closed without a word.
        case dropped
    }

    /// How many connections are refused with an answer at a time.
    static let maximumRefusals = 64

    private struct Entry {
        var channel: any Channel
        var isServed: Bool
        /// It is served and has not asked for anything yet.
        var isFresh: Bool
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var served = 0
        var isClosing = false
        var waiters: [@Sendable () -> Void] = []
    }

    private static let lastNumber = Atomic<UInt64>(0)

    private let maximum: Int
    private let state = Mutex(State())
    private let open = Atomic<Int>(0)
    private let fresh = Atomic<Int>(0)
    private let running = Atomic<Int>(0)
    private let aborted = Atomic<Int>(0)

    /// Makes a registry that lets `maximum` connections be served at a time.
    init(maximum: Int) {
        self.maximum = maximum
    }

    /// A number for a connection, unique in the process.
    static func nextNumber() -> UInt64 {
        self.lastNumber.add(1, ordering: .relaxed).newValue
    }

    /// Served connections that are open.
    var openConnections: Int { self.open.load(ordering: .relaxed) }
    /// Exchanges that run.
    var runningExchanges: Int { self.running.load(ordering: .relaxed) }
    /// Exchanges that run, and served connections whose first one is still to come.
    var load: Int { self.fresh.load(ordering: .relaxed) + self.runningExchanges }
    /// Exchanges that ended because the server did.
    var abortedExchanges: Int { self.aborted.load(ordering: .relaxed) }

    /// An exchange has begun, `isFirst` tells whether it is the first one of its connection.
    func exchangeBegan(on number: UInt64, isFirst: Bool) {
        self.running.add(1, ordering: .relaxed)
        guard isFirst else { return }
        let wasFresh = self.state.withLock { state in
            defer { state.entries[number]?.isFresh = false }
            return state.entries[number]?.isFresh ?? false
        }
        if wasFresh { self.fresh.subtract(1, ordering: .relaxed) }
    }

    func exchangeEnded() { self.running.subtract(1, ordering: .relaxed) }
    func countAbort() { self.aborted.add(1, ordering: .relaxed) }

    /// Decides on a new connection and remembers it until it is closed.
    func admit(_ channel: any Channel, number: UInt64) -> Admission {
        let admission = self.state.withLock { state -> Admission in
            let isServed = !state.isClosing && state.served < self.maximum
            guard isServed || state.entries.count - state.served < Self.maximumRefusals else { return .dropped }
            state.entries[number] = Entry(channel: channel, isServed: isServed, isFresh: isServed)
            if isServed { state.served += 1 }
            return isServed ? .served : .refused
        }
        guard admission != .dropped else { return .dropped }
        if admission == .served {
            self.open.add(1, ordering: .relaxed)
            self.fresh.add(1, ordering: .relaxed)
        }
        channel.closeFuture.whenComplete { _ in self.remove(number) }
        return admission
    }

    /// Serves no new connection from now on, and tells those that there are.
    func close(telling command: ConnectionCommand) {
        self.state.withLock { $0.isClosing = true }
        self.tell(command)
    }

    /// Tells all connections something, as an event in their pipelines.
    func tell(_ event: some Sendable) {
        let channels = self.state.withLock { $0.entries.values.map(\.channel) }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(event) }
    }

    /// Calls `body` once no connection is left, at once if that is so already.
    func whenEmpty(_ body: @escaping @Sendable () -> Void) {
        let isEmpty = self.state.withLock { state in
            if !state.entries.isEmpty { state.waiters.append(body) }
            return state.entries.isEmpty
        }
        if isEmpty { body() }
    }

    private func remove(_ number: UInt64) {
        let (entry, waiters) = self.state.withLock { state -> (Entry?, [@Sendable () -> Void]) in
            let entry = state.entries.removeValue(forKey: number)
            if entry?.isServed == true { state.served -= 1 }
            guard state.entries.isEmpty else { return (entry, []) }
            defer { state.waiters.removeAll() }
            return (entry, state.waiters)
        }
        if entry?.isServed == true { self.open.subtract(1, ordering: .relaxed) }
        if entry?.isFresh == true { self.fresh.subtract(1, ordering: .relaxed) }
        for waiter in waiters { waiter() }
    }
}
