/// A connection to a message bus, on a thread of its own.
///
/// Everything may be used from any thread. The connection ends when ``close()`` is called, when nothing refers to it any
/// more, when the bus ends it, and when a requested name is lost; subscriptions end with it, and calls fail with
/// `disconnected`. It does not connect again.
public final class BusConnection: Sendable {
    /// The name that the bus has given to the connection.
    public let uniqueName: BusName
    let mailbox: ConnectionMailbox
    let objects: ExportedObjects

    private init(_ uniqueName: BusName, _ plan: ConnectionPlan) {
        self.uniqueName = uniqueName
        self.mailbox = plan.mailbox
        self.objects = plan.objects
    }

    deinit {
        self.mailbox.post(.close)
    }

    /// Connects to a bus, authenticates and says hello, all within `timeout`.
    ///
    /// Only buses at unix sockets are served; none is started. Fails with `unreachable` or `timedOut`; the latter also
    /// when the task is cancelled.
    public static func open(_ address: BusAddress, timeout: Duration) async throws(BusError) -> BusConnection {
        guard LibDBus.isReady else { throw BusError(kind: .limit, "libdbus has no memory") }
        let plan = try ConnectionPlan(address: try address.resolved())
        let deadline = Self.deadline(after: timeout)
        try ConnectionThread.start(plan)
        let result = await withTaskGroup { group in
            group.addTask {
                do {
                    try await Task.sleep(until: deadline, clock: .continuous)
                } catch {
                    // The connection is there, or nobody waits for it any more.
                    return
                }
                let error = BusError(kind: .timedOut, "\(address) has not accepted a connection within \(timeout)")
                plan.opening.fill(.failure(error))
            }
            defer { group.cancelAll() }
            return await plan.opening.result()
        }
        switch result {
        case .success(let name):
            return BusConnection(name, plan)
        case .failure(let error):
            plan.mailbox.post(.close)
            throw error
        }
    }

    /// Signals that were not sent: too many waited, the bus took none, or one could not be encoded.
    public var droppedSignals: Int { self.mailbox.droppedSignals }

    /// Has the connection's thread call a closure when its turn comes; at once on the caller's after the end.
    ///
    /// Never waits. Whoever asks again does so after the closure was called, so that no more than one waits of each.
    public func giveSign(_ sign: @escaping @Sendable () -> Void) {
        if !self.mailbox.post(.sign(sign)) { sign() }
    }

    /// Waits until the connection is over and tells how it ended; any number may wait.
    ///
    /// Only the end of the connection ends the wait, not the cancellation of the task.
    public func end() async -> BusEnd { await self.mailbox.end() }

    /// Sends what waits to be sent, for a second at most, and ends the connection.
    public func close() async {
        self.mailbox.post(.close)
        _ = await self.mailbox.end()
    }

    /// So long from now, and not beyond what a clock can tell.
    static func deadline(after timeout: Duration) -> ContinuousClock.Instant {
        .now.advanced(by: min(max(timeout, .zero), .seconds(86_400)))
    }
}
