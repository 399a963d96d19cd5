import DBusKit
import Synchronization

/// Admits callers to members, by the rule of ``CallerAuthority`` (contract section 9).
final class CallerCheck: Sendable {
    private let ownUserID: UInt32
    private let rootUserID: UInt32
    private let connection: BusConnection
    /// Asked about everybody but root and the daemon's own user; `nil` where those are nobody.
    private let polkit: PolkitAuthority?
    private let table = Mutex(CallerTable())

    /// How long the bus may take to tell who a caller is.
    private static let timeout: Duration = .seconds(5)

    init(
        ownUserID: UInt32, authority: CallerAuthority, connection: BusConnection, rootUserID: UInt32 = 0,
        patience: PolkitAuthority.Patience = PolkitAuthority.Patience()
    ) {
        self.ownUserID = ownUserID
        self.rootUserID = rootUserID
        self.connection = connection
        self.polkit =
            switch authority {
            case .sameUser: nil
            case .polkit: PolkitAuthority(connection: connection, patience: patience)
            }
    }

    /// Fails unless the sender of a call is allowed what the policy of the member asks for.
    func admit(_ call: BusCall) async throws(BusError) {
        try await self.admit(call.sender, to: .of(call), allowsInteraction: call.allowsInteraction)
    }

    /// Fails unless a caller is allowed what a policy asks for; with `AccessDenied`, or as ``PolkitAuthority`` does.
    func admit(
        _ sender: BusName?, to policy: ControlPolicy, allowsInteraction: Bool = false
    ) async throws(BusError) {
        guard let action = policy.action else { return }
        guard let sender else { throw Self.denied }
        let user = try await self.user(of: sender)
        if user == self.ownUserID { return }
        guard let polkit = self.polkit else { throw Self.denied }
        if user == self.rootUserID { return }
        // A person may take minutes to agree. The caller may have ended meanwhile, or others have taken its place in the
        // table; what comes next, the deed or the record of a refusal, is to know whose it is.
        defer { self.table.withLock { $0.remember(sender, user: user) } }
        try await polkit.admit(
            PolkitAuthority.Question(
                caller: sender, user: user, action: action, allowsInteraction: allowsInteraction))
    }

    /// The user behind a connection that was admitted or refused; `nil` if it has ended before that, or so many others have
    /// called since that it is not remembered.
    func knownUser(of caller: BusName) -> UInt32? {
        self.table.withLock { $0.user(of: caller) }
    }

    /// Forgets a connection that has ended.
    func forget(_ caller: BusName) {
        self.table.withLock { $0.forget(caller) }
        self.polkit?.forget(caller)
    }

    /// The number of questions that wait for polkit.
    var questions: Int { self.polkit?.waiting ?? 0 }

    private func user(of sender: BusName) async throws(BusError) -> UInt32 {
        if let user = self.table.withLock({ $0.user(of: sender) }) { return user }
        let user: UInt32
        do {
            user = try await self.connection.userID(of: sender, timeout: Self.timeout)
        } catch {
            // Whoever the bus cannot tell is nobody; but a bus that is too busy to answer says nothing about anybody.
            guard error.kind == .remote else {
                throw BusError(.timeout, "the bus does not tell who calls (\(error.message)); call again")
            }
            throw Self.denied
        }
        self.table.withLock { $0.remember(sender, user: user) }
        return user
    }

    private static let denied = BusError(.accessDenied, "only the user that kmid runs as may do this")
}
