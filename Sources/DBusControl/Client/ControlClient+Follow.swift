import DBusKit
import Synchronization

extension ControlClient {
    /// Whether the daemon is there, as whoever follows its requests is told.
    public enum Presence: Sendable, Equatable {
        /// It is there again; requests that ended in between were not told.
        case returned
        /// It went away; the following waits for it.
        case left
    }

    /// The requests that end from now on.
    ///
    /// It goes on when the daemon starts anew, and ends with an error when the bus goes away or the daemon refuses.
    /// What was left out on the way, by the daemon, the bus or because nobody took it in time, is counted in the next
    /// row's ``RequestRow/dropped``. Fails with `unreachable` if the daemon is not there.
    ///
    /// - Parameters:
    ///   - capacity: the rows that may wait to be taken.
    ///   - onPresence: told when the daemon goes and comes.
    public func followRequests(
        capacity: Int = 256,
        onPresence: @escaping @Sendable (Presence) -> Void = { _ in }
    ) async throws(ControlClientError) -> AsyncThrowingStream<RequestRow, any Error> {
        // The order closes the gap between asking who is there and hearing who comes.
        let changes: SignalSubscription
        let requests: SignalSubscription
        do throws(BusError) {
            changes = try await self.connection.signals(RequestFollowing.ownerRule)
            requests = try await self.connection.signals(RequestFollowing.requestRule, capacity: capacity)
        } catch {
            throw ControlClientError(error)
        }
        let owner = try await self.owner()
        _ = try await self.call(.subscribe, [.variants([:])])

        let (rows, continuation) = AsyncThrowingStream<RequestRow, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(capacity)
        )
        let following = RequestFollowing(client: self, owner: owner, onPresence: onPresence, rows: continuation)
        // A stream is no scope that a task could live in; it ends the task when nobody reads it any more.
        let task = Task { await following.run(changes: changes, requests: requests) }
        continuation.onTermination = { _ in task.cancel() }
        return rows
    }

    /// The unique name of the daemon's connection.
    private func owner() async throws(ControlClientError) -> BusName {
        let reply: [BusValue]
        do throws(BusError) {
            reply = try await self.connection.call(
                RequestFollowing.bus,
                path: "/org/freedesktop/DBus",
                interface: "org.freedesktop.DBus",
                member: "GetNameOwner",
                [.string(ControlNames.bus.text)],
                timeout: self.timeout
            )
        } catch {
            throw ControlClientError(error)
        }
        return try Self.one(reply) { $0.asString.flatMap { BusName($0) } }
    }
}

/// One following of the requests: it hears who owns the daemon's name, and what that one tells.
private final class RequestFollowing: Sendable {
    static let bus: BusName = "org.freedesktop.DBus"
    static let ownerRule = SignalRule(
        sender: RequestFollowing.bus,
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member: "NameOwnerChanged",
        argument0: ControlNames.bus.text
    )
    // Without a sender, because a match by a well-known name compares with its owner of the moment; who sent a signal
    // is looked at here.
    static let requestRule = SignalRule(
        path: ControlPath.manager,
        interface: ManagerInterface.name,
        member: ManagerInterface.Signal.requestFinished.member
    )

    private struct State {
        var owner: BusName?
        /// Rows that were not told since the last one that was.
        var dropped: UInt64 = 0
    }

    private let client: ControlClient
    private let onPresence: @Sendable (ControlClient.Presence) -> Void
    private let rows: AsyncThrowingStream<RequestRow, any Error>.Continuation
    private let state: Mutex<State>

    init(
        client: ControlClient,
        owner: BusName,
        onPresence: @escaping @Sendable (ControlClient.Presence) -> Void,
        rows: AsyncThrowingStream<RequestRow, any Error>.Continuation
    ) {
        self.client = client
        self.onPresence = onPresence
        self.rows = rows
        self.state = Mutex(State(owner: owner))
    }

    /// Runs until the connection ends, the daemon refuses, or it is cancelled.
    func run(changes: SignalSubscription, requests: SignalSubscription) async {
        let failure = await withTaskGroup(of: ControlClientError?.self) { group in
            group.addTask { await self.followOwner(changes) }
            group.addTask { await self.followRows(requests) }
            // Both end with the connection; an error of either one ends the other.
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if !Task.isCancelled {
            self.rows.finish(throwing: failure ?? ControlClientError.unreachable("the connection to the bus has ended"))
        }
    }

    private func followOwner(_ changes: SignalSubscription) async -> ControlClientError? {
        for await change in changes {
            guard change.arguments.count == 3, let text = change.arguments[2].asString else { continue }
            let owner = BusName(text)
            let before = self.state.withLock { state in
                defer { state.owner = owner }
                return state.owner
            }
            guard before != owner else { continue }
            if before != nil { self.onPresence(.left) }
            guard owner != nil else { continue }
            do throws(ControlClientError) {
                _ = try await self.client.call(.subscribe, [.variants([:])])
                self.onPresence(.returned)
            } catch {
                switch error.code {
                // Gone again: there will be another change.
                case .unreachable: continue
                default: return error
                }
            }
        }
        return nil
    }

    private func followRows(_ requests: SignalSubscription) async -> ControlClientError? {
        for await signal in requests {
            let isOfDaemon = self.state.withLock { state in
                state.dropped += UInt64(clamping: signal.missed)
                return signal.sender != nil && signal.sender == state.owner
            }
            guard isOfDaemon, let value = signal.arguments.first else { continue }
            var row: RequestRow
            do throws(ControlFault) {
                row = try RequestRow(busValue: value)
            } catch {
                return ControlClientError(reading: error)
            }
            let before = self.state.withLock { state in
                defer { state.dropped = 0 }
                return state.dropped
            }
            row.dropped &+= before
            if case .dropped = self.rows.yield(row) {
                self.state.withLock { $0.dropped &+= row.dropped &+ 1 }
            }
        }
        return nil
    }
}
