import DBusKit
import Synchronization

/// Admits callers that run as the daemon's own user, and nobody else (contract section 9).
final class CallerCheck: Sendable {
    private let ownUserID: UInt32
    private let connection: BusConnection
    private let table = Mutex(CallerTable())

    /// How long the bus may take to tell who a caller is.
    private static let timeout: Duration = .seconds(5)

    init(ownUserID: UInt32, connection: BusConnection) {
        self.ownUserID = ownUserID
        self.connection = connection
    }

    /// Fails with `AccessDenied` unless the sender of a call is allowed what the member's policy asks.
    func admit(_ sender: BusName?, to policy: ControlPolicy) async throws(BusError) {
        guard let sender else { throw Self.denied }
        let user = try await self.user(of: sender)
        switch policy {
        case .read, .control, .secrets:
            guard user == self.ownUserID else { throw Self.denied }
        }
    }

    /// The user behind a connection that was admitted; `nil` if it has ended.
    func knownUser(of caller: BusName) -> UInt32? {
        self.table.withLock { $0.user(of: caller) }
    }

    /// Forgets a connection that has ended.
    func forget(_ caller: BusName) {
        self.table.withLock { $0.forget(caller) }
    }

    private func user(of sender: BusName) async throws(BusError) -> UInt32 {
        if let user = self.table.withLock({ $0.user(of: sender) }) { return user }
        let user: UInt32
        do {
            user = try await self.connection.userID(of: sender, timeout: Self.timeout)
        } catch {
            // Whoever the bus cannot tell, because it has gone or the bus does not answer, is nobody.
            throw Self.denied
        }
        self.table.withLock { $0.remember(sender, user: user) }
        return user
    }

    private static let denied = BusError(.accessDenied, "only the user that kmid runs as may do this")
}
