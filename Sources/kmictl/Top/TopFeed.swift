import DBusControl

/// Brings what the daemon tells to a live view, however often the daemon goes and comes.
struct TopFeed: Sendable {
    let invocation: Invocation
    let inbox: TopInbox
    /// So often the daemon is asked how it is, and whether it is there again.
    let interval: Duration

    /// The requests that wait to be taken from the bus.
    private static let capacity = 1024

    /// Runs until it is cancelled, or the daemon refuses.
    func run() async throws {
        while true {
            do {
                try await self.invocation.withDaemon { try await self.watch($0) }
            } catch let error as ControlClientError where Self.passes(error.code) {
                self.inbox.put(.away(error.code == .unreachable ? .absent : .silent))
            }
            try await Task.sleep(for: self.interval)
        }
    }

    /// Whether waiting helps.
    private static func passes(_ code: ControlClientError.Code) -> Bool {
        switch code {
        case .unreachable, .timedOut, .busy: true
        default: false
        }
    }

    /// Watches one daemon until it goes.
    private func watch(_ daemon: any ControlAccess) async throws {
        let (departures, departure) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        // Subscribed before anything is asked, so that no request is missing between the two.
        let rows = try await daemon.followRequests(capacity: Self.capacity) { presence in
            if presence == .left { departure.yield() }
        }
        try await self.tellStatus(of: daemon)
        try await self.tellHistory(of: daemon)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: self.interval)
                    try await self.tellStatus(of: daemon)
                }
            }
            group.addTask {
                for try await row in rows { self.inbox.put(.finished(row)) }
            }
            group.addTask {
                for await _ in departures { break }
                // Another daemon has other requests behind it: everything is asked anew.
                throw ControlClientError(.unreachable, "the daemon went away")
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func tellStatus(of daemon: any ControlAccess) async throws {
        self.inbox.put(.status(try await daemon.manager(), try await daemon.keys()))
    }

    /// The requests before; without a store there are none, and the view goes on with those that come.
    private func tellHistory(of daemon: any ControlAccess) async throws {
        var filter = RequestFilter()
        filter.limit = UInt32(RequestRing.capacity)
        do throws(ControlClientError) {
            self.inbox.put(.history(try await daemon.requests(filter).rows))
            self.inbox.put(.notice(""))
        } catch {
            if error.code == .unreachable { throw error }
            self.inbox.put(.notice("earlier requests cannot be listed: \(error.message)"))
        }
    }
}
