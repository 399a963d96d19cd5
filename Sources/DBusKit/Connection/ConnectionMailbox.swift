import CDBus
import Glibc
import Synchronization

/// What lies between a connection's thread and all others: the commands that wait for it, and how it ended.
///
/// Every kind of command has a bound: calls by those under way, signals by those that wait, answers by the calls that
/// run, and the rest by these.
final class ConnectionMailbox: Sendable {
    private struct State {
        var commands: [ConnectionCommand] = []
        var callsUnderWay = 0
        var waitingSignals = 0
        var droppedSignals = 0
        /// Set before the end: nothing is accepted any more.
        var isSealed = false
        var end: BusEnd?
        var waiters: [CheckedContinuation<BusEnd, Never>] = []
    }

    private static let maximumCalls = 1_024
    private static let maximumSignals = 4_096

    /// An eventfd that is readable while there are commands.
    let wakeDescriptor: CInt
    private let state = Mutex(State())

    init() throws(BusError) {
        self.wakeDescriptor = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard self.wakeDescriptor >= 0 else { throw BusError(kind: .limit, "eventfd: error \(errno)") }
    }

    deinit {
        Glibc.close(self.wakeDescriptor)
    }

    /// Signals that were dropped because too many waited.
    var droppedSignals: Int { self.state.withLock { $0.droppedSignals } }

    /// Calls that have not been answered or given up.
    var callsUnderWay: Int { self.state.withLock { $0.callsUnderWay } }

    // MARK: - For other threads

    /// Hands over a call, as `command`; whoever does waits for its slot.
    func submit(_ command: ConnectionCommand) throws(BusError) {
        let refusal = self.state.withLock { state -> BusError? in
            if state.isSealed { return Self.ended }
            if state.callsUnderWay >= Self.maximumCalls {
                return BusError(kind: .limit, "\(Self.maximumCalls) calls wait for their answers")
            }
            state.callsUnderWay += 1
            self.append(command, to: &state)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Hands over a signal, or drops it.
    func emit(_ signal: OutgoingSignal) {
        self.state.withLock { state in
            if state.isSealed || state.waitingSignals >= Self.maximumSignals {
                state.droppedSignals += 1
            } else {
                state.waitingSignals += 1
                self.append(.signal(signal), to: &state)
            }
        }
    }

    /// Hands over anything else; after the end there is no need for it.
    ///
    /// Returns whether it was taken.
    @discardableResult
    func post(_ command: ConnectionCommand) -> Bool {
        self.state.withLock { state in
            if !state.isSealed { self.append(command, to: &state) }
            return !state.isSealed
        }
    }

    /// Waits until the connection is over.
    func end() async -> BusEnd {
        await withCheckedContinuation { continuation in
            let end = self.state.withLock { state in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    private func append(_ command: ConnectionCommand, to state: inout State) {
        state.commands.append(command)
        guard state.commands.count == 1 else { return }
        var one: UInt64 = 1
        // Cannot fail: the counter is emptied for every batch of commands, and so never full.
        _ = write(self.wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    // MARK: - For the thread of the connection

    /// Takes all commands.
    func take() -> [ConnectionCommand] {
        self.state.withLock { self.takeAll(&$0) }
    }

    /// Takes the last commands; none is accepted after them.
    func seal() -> [ConnectionCommand] {
        self.state.withLock { state in
            state.isSealed = true
            return self.takeAll(&state)
        }
    }

    /// A call is over.
    func callEnded() { self.state.withLock { $0.callsUnderWay -= 1 } }

    /// A signal was not sent.
    func signalDropped() { self.state.withLock { $0.droppedSignals += 1 } }

    /// Tells everybody how the connection ended.
    func finish(_ end: BusEnd) {
        let waiters = self.state.withLock { state in
            state.end = end
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    private func takeAll(_ state: inout State) -> [ConnectionCommand] {
        guard !state.commands.isEmpty else { return [] }
        var count: UInt64 = 0
        // Fails when it is empty already only.
        _ = read(self.wakeDescriptor, &count, MemoryLayout<UInt64>.size)
        defer { state.commands = [] }
        state.waitingSignals = 0
        return state.commands
    }

    /// The error of whatever the end of the connection stopped.
    static var ended: BusError { BusError(kind: .disconnected, "the connection to the bus has ended") }
}
