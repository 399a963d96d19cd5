import DBusKit
import Synchronization

extension ControlService {
    /// How long the bus may take to answer a question about a caller.
    private static let timeout: Duration = .seconds(5)
    /// How long to wait before the bus is asked again for what it did not do.
    private static let pause: Duration = .seconds(1)

    /// Sends `RequestFinished` to a caller from now on, until it unsubscribes or its connection ends.
    func subscribe(_ caller: BusName?) async throws(ControlFault) {
        guard let caller else { throw ControlFault(.notAllowed, "only a caller with a name can subscribe") }
        guard self.subscribers.withLock({ $0.add(caller) }) else {
            throw ControlFault(.busy, "there are as many subscribers as there may be")
        }
        // The caller may have gone before it was added; then nothing would ever take it out.
        await self.removeIfGone(caller)
    }

    /// Lets the control plane do something in the name of a caller.
    func acting<Result>(
        for sender: BusName?, _ body: (any ControlPlane) async throws(ControlFault) -> Result
    ) async throws(BusError) -> Result {
        // Whoever cannot be told is still somebody, and not the daemon.
        let caller = ControlCaller(userID: sender.flatMap { self.callers.knownUser(of: $0) })
        // The task-local's scope passes no typed errors on.
        let outcome = await ControlCaller.$current.withValue(caller) { () async -> Swift.Result<Result, ControlFault> in
            do throws(ControlFault) {
                return .success(try await body(self.plane))
            } catch {
                return .failure(error)
            }
        }
        do throws(ControlFault) {
            return try outcome.get()
        } catch {
            throw BusError(error)
        }
    }

    /// Sends nothing more to a caller.
    func unsubscribe(_ caller: BusName?) {
        guard let caller else { return }
        self.subscribers.withLock { $0.remove(caller) }
    }

    /// Lets go of callers whose connections end, until the connection of the service does, or it is cancelled.
    func followCallers() async {
        let rule = SignalRule(
            sender: StandardBus.name,
            path: StandardBus.path,
            interface: StandardBus.interface,
            member: StandardBus.nameOwnerChanged,
            argument0: nil
        )
        while !Task.isCancelled {
            do {
                let signals = try await self.connection.signals(rule)
                // Whoever went before the bus was asked to tell.
                await self.removeThoseWhoAreGone()
                for await signal in signals { await self.follow(signal) }
                return
            } catch {
                guard error.kind != .disconnected else { return }
            }
            do {
                try await Task.sleep(for: Self.pause)
            } catch {
                // Cancelled.
                return
            }
        }
    }

    private func follow(_ signal: BusSignal) async {
        if signal.missed > 0 { await self.removeThoseWhoAreGone() }
        guard signal.arguments.count == 3, let name = signal.arguments[0].asString,
            signal.arguments[2].asString == "", let caller = BusName(name)
        else { return }
        self.callers.forget(caller)
        self.subscribers.withLock { $0.remove(caller) }
    }

    private func removeThoseWhoAreGone() async {
        for caller in self.subscribers.withLock({ $0.subscribers }) { await self.removeIfGone(caller) }
    }

    private func removeIfGone(_ caller: BusName) async {
        let isThere: Bool
        do {
            isThere = try await self.connection.hasOwner(caller, timeout: Self.timeout)
        } catch {
            // A bus that does not answer is about to end the connection, and with it all subscriptions.
            return
        }
        if !isThere { self.subscribers.withLock { $0.remove(caller) } }
    }
}

/// The bus itself, as one of the connections on it.
private enum StandardBus {
    static let name: BusName = "org.freedesktop.DBus"
    static let path: ObjectPath = "/org/freedesktop/DBus"
    static let interface: InterfaceName = "org.freedesktop.DBus"
    static let nameOwnerChanged: MemberName = "NameOwnerChanged"
}
