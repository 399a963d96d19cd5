import DBusKit

/// The program that shows messages on the desktop, as the Desktop Notifications Specification 1.2 has it.
///
/// Calls have short deadlines; whoever makes them waits for nothing else meanwhile.
struct NotificationServer {
    static let name: BusName = "org.freedesktop.Notifications"
    static let path: ObjectPath = "/org/freedesktop/Notifications"
    static let interface: InterfaceName = "org.freedesktop.Notifications"
    private static let getCapabilities: MemberName = "GetCapabilities"
    private static let notify: MemberName = "Notify"
    private static let closeNotification: MemberName = "CloseNotification"
    private static let notificationClosed: MemberName = "NotificationClosed"
    private static let actionInvoked: MemberName = "ActionInvoked"

    /// How long a call may take; the bus may have to start the program first.
    static let patience = Duration.seconds(5)
    /// The name of the entry among the desktop's programs, and of its icon.
    static let entry = "org.kmi.Proxy1"

    /// What it tells by itself, and that it comes and goes.
    static let rules = [
        StandardNames.owners(of: Self.name),
        SignalRule(sender: Self.name, path: Self.path, interface: Self.interface),
    ]

    let connection: BusConnection
    /// What it can show, once it was asked.
    private(set) var capabilities: Set<String>?

    init(connection: BusConnection) {
        self.connection = connection
    }

    /// Whether it is there, or the bus can start it.
    func isThere() async throws(BusError) -> Bool {
        if try await self.connection.hasOwner(Self.name, timeout: Self.patience) { return true }
        let names = try await self.connection.call(
            StandardNames.bus, path: StandardNames.busPath, interface: StandardNames.busInterface,
            member: StandardNames.listActivatableNames, timeout: Self.patience)
        return names.first?.asArray?.contains(.string(Self.name.text)) ?? false
    }

    /// It is another program from now on.
    mutating func forget() {
        self.capabilities = nil
    }

    /// Shows a message, in the place of the one of a number, and answers its number.
    mutating func show(_ notification: DesktopNotification, replacing id: UInt32) async throws(BusError) -> UInt32 {
        let able: Set<String>
        if let known = self.capabilities {
            able = known
        } else {
            let answer = try await self.call(Self.getCapabilities, [], autoStart: true)
            able = Set((answer.first?.asArray ?? []).prefix(64).compactMap(\.asString))
            self.capabilities = able
        }
        let answer = try await self.call(
            Self.notify, Self.arguments(notification, replacing: id, able: able), autoStart: true)
        guard let number = answer.first?.asUInt32, number > 0 else {
            throw BusError(kind: .remote, .failed, "the notification server has answered with no number")
        }
        return number
    }

    /// Takes a message away.
    func withdraw(_ id: UInt32, within patience: Duration = Self.patience) async throws(BusError) {
        _ = try await self.connection.call(
            Self.name, path: Self.path, interface: Self.interface, member: Self.closeNotification, [.uint32(id)],
            timeout: patience)
    }

    /// What a signal of it means; `nil` for nothing of interest.
    static func event(of signal: BusSignal) -> NotificationPlanner.Event? {
        if let owner = StandardNames.owner(in: signal) {
            return owner.name == Self.name.text ? (owner.isOwned ? .serverCame : .serverWent) : nil
        }
        guard signal.interface == Self.interface, let id = signal.arguments.first?.asUInt32 else { return nil }
        switch signal.member {
        case Self.notificationClosed: return .closed(id: id)
        case Self.actionInvoked: return signal.arguments.dropFirst().first?.asString.map { .chosen(id: id, $0) }
        default: return nil
        }
    }

    /// The arguments of `Notify` for a server that can do so much.
    static func arguments(
        _ notification: DesktopNotification, replacing id: UInt32, able: Set<String>
    ) -> [BusValue] {
        let choices = able.contains("actions") ? notification.choices.flatMap { [$0.rawValue, $0.title] } : []
        let body = able.contains("body-markup") ? Self.escaped(notification.body) : notification.body
        return [
            .string("KMI"), .uint32(id), .string(Self.entry), .string(notification.summary), .string(body),
            .strings(choices),
            .variants([
                "desktop-entry": .string(Self.entry),
                "urgency": .byte(notification.urgency.rawValue),
            ]),
            // As long as the server thinks fit.
            .int32(-1),
        ]
    }

    /// Plain text where markup is expected.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private func call(
        _ member: MemberName, _ arguments: [BusValue], autoStart: Bool
    ) async throws(BusError) -> [BusValue] {
        try await self.connection.call(
            Self.name, path: Self.path, interface: Self.interface, member: member, arguments, timeout: Self.patience,
            autoStart: autoStart)
    }
}
