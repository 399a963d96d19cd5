import DBusKit
import Synchronization

extension ControlService {
    /// A key has changed its state: emits `KeyStateChanged`.
    ///
    /// A rest that was only made longer is no other state, and shows in the key's properties alone: several requests
    /// that meet the same limit at once are one change.
    ///
    /// `usableAt` is in microseconds since the epoch, 0 if the key can be used now or nobody can tell.
    public func keyStateChanged(_ label: String, old: String, new: String, reason: String, usableAt: UInt64) {
        if old != new {
            self.broadcast(
                .keyStateChanged,
                [.path(ControlPath.key(label)), .text(old), .text(new), .text(reason), .uint64(usableAt)]
            )
        }
        self.keyChanged(label)
        self.statusChanged()
    }

    /// Requests go to another key from now on: emits `Rotated`.
    public func rotated(from: String, to: String, reason: String) {
        self.broadcast(.rotated, [.text(from), .text(to), .text(reason)])
        self.statusChanged()
    }

    /// The configuration was read again: emits `ConfigReloaded`.
    public func configReloaded(_ entries: [ReloadEntry]) {
        self.broadcast(.configReloaded, [ReloadEntry.busValue(of: entries)])
        self.everythingChanged()
    }

    /// Something needs a person: emits `Warning`, with a word for programs and a sentence.
    public func warning(_ code: String, _ message: String) {
        self.broadcast(.warning, [.text(code), .text(message)])
    }

    /// Whether anybody wants to hear of requests; if not, a row need not be made.
    public var hasSubscribers: Bool { self.subscribers.withLock { !$0.isEmpty } }

    /// A request has ended: sends `RequestFinished` to each subscriber, at most 100 in a second; the next one after
    /// those that were dropped says how many they were.
    public func requestFinished(_ row: RequestRow) {
        let deliveries = self.subscribers.withLock { $0.isEmpty ? [] : $0.deliver(now: .now) }
        guard !deliveries.isEmpty else { return }
        var row = row
        for (dropped, group) in Dictionary(grouping: deliveries, by: \.dropped) {
            row.dropped = dropped
            let value = row.busValue
            for delivery in group {
                self.emit(.requestFinished, [value], to: delivery.subscriber)
                if delivery.isSilent { self.silence.yield(delivery.subscriber) }
            }
        }
    }

    private func broadcast(_ signal: ManagerInterface.Signal, _ arguments: [BusValue]) {
        self.emit(signal, arguments, to: nil)
    }

    private func emit(_ signal: ManagerInterface.Signal, _ arguments: [BusValue], to subscriber: BusName?) {
        self.connection.emit(
            path: ControlPath.manager,
            interface: ManagerInterface.name,
            member: signal.member,
            arguments,
            to: subscriber
        )
    }
}
