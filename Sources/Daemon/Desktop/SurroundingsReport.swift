import DBusKit

/// What the system's services tell of the machine, as they say it: logind, NetworkManager, systemd-networkd and UPower.
///
/// None of them is started for it, and each may be missing.
struct SurroundingsReport: Sendable {
    /// A service, and its object whose properties tell something.
    enum Service: String, Sendable, CaseIterable {
        case logind = "org.freedesktop.login1"
        case networkManager = "org.freedesktop.NetworkManager"
        case networkd = "org.freedesktop.network1"
        case upower = "org.freedesktop.UPower"

        var name: BusName {
            switch self {
            case .logind: "org.freedesktop.login1"
            case .networkManager: "org.freedesktop.NetworkManager"
            case .networkd: "org.freedesktop.network1"
            case .upower: "org.freedesktop.UPower"
            }
        }

        var path: ObjectPath {
            switch self {
            case .logind: "/org/freedesktop/login1"
            case .networkManager: "/org/freedesktop/NetworkManager"
            case .networkd: "/org/freedesktop/network1"
            case .upower: "/org/freedesktop/UPower"
            }
        }

        var interface: InterfaceName {
            switch self {
            case .logind: "org.freedesktop.login1.Manager"
            case .networkManager: "org.freedesktop.NetworkManager"
            case .networkd: "org.freedesktop.network1.Manager"
            case .upower: "org.freedesktop.UPower"
            }
        }
    }

    private static let prepareForSleep: MemberName = "PrepareForSleep"
    private static let stateChanged: MemberName = "StateChanged"

    /// What is listened to.
    static let rules: [SignalRule] =
        Service.allCases.map { StandardNames.owners(of: $0.name) }
        + [SignalRule(sender: Service.logind.name, interface: Service.logind.interface, member: Self.prepareForSleep)]
        + Service.withProperties.map {
            SignalRule(
                sender: $0.name, path: $0.path, interface: StandardNames.properties,
                member: StandardNames.propertiesChanged, argument0: $0.interface.text)
        }
        + [
            SignalRule(
                sender: Service.networkManager.name, interface: Service.networkManager.interface,
                member: Self.stateChanged)
        ]

    /// What NetworkManager has said so far; later words change parts of it.
    private var state: UInt32?
    private var connectivity: UInt32?
    private var route = ""

    init() {}

    /// What a signal means.
    ///
    /// `asks` is the service that has just come, whose properties are to be read.
    mutating func take(_ signal: BusSignal) -> (events: [Surroundings.Event], asks: Service?) {
        if let owner = StandardNames.owner(in: signal) {
            guard let service = Service(rawValue: owner.name) else { return ([], nil) }
            return owner.isOwned ? ([], service) : (self.forget(service), nil)
        }
        if signal.member == Self.prepareForSleep, let begins = signal.arguments.first?.asBoolean {
            return ([.sleep(begins)], nil)
        }
        if signal.member == Self.stateChanged, let state = signal.arguments.first?.asUInt32 {
            return (self.take(["State": .uint32(state)], of: .networkManager), nil)
        }
        guard signal.member == StandardNames.propertiesChanged, signal.arguments.count == 3,
            let interface = signal.arguments[0].asString,
            let service = Service.allCases.first(where: { $0.interface.text == interface }),
            let properties = signal.arguments[1].asDictionary
        else { return ([], nil) }
        // What is only said to be another one has to be read.
        let isIncomplete = signal.arguments[2].asArray.map { !$0.isEmpty } ?? false
        return (self.take(properties, of: service), isIncomplete ? service : nil)
    }

    /// What properties of a service mean, be they all or some.
    mutating func take(_ properties: [String: BusValue], of service: Service) -> [Surroundings.Event] {
        switch service {
        case .logind: return []
        case .networkd:
            guard let state = properties["OnlineState"]?.asString else { return [] }
            switch state {
            case "online", "partial": return [.network(.networkd, Surroundings.Network(isOnline: true))]
            case "offline": return [.network(.networkd, Surroundings.Network(isOnline: false))]
            // It has no interface that it would wait for, or says something new: it does not know.
            default: return [.network(.networkd, nil)]
            }
        case .upower:
            return properties["OnBattery"]?.asBoolean.map { [.onBattery($0)] } ?? []
        case .networkManager:
            self.state = properties["State"]?.asUInt32 ?? self.state
            self.connectivity = properties["Connectivity"]?.asUInt32 ?? self.connectivity
            self.route = properties["PrimaryConnection"]?.asPath?.text ?? self.route
            var events: [Surroundings.Event] = []
            if self.state == Self.unknown {
                events.append(.network(.networkManager, nil))
            } else if let state = self.state {
                let isOnline =
                    state >= Self.connectedSite && ![Self.noWay, Self.portal].contains(self.connectivity ?? 0)
                events.append(.network(.networkManager, Surroundings.Network(isOnline: isOnline, route: self.route)))
            }
            if let metered = properties["Metered"]?.asUInt32 {
                events.append(.metered(metered == Self.metered || metered == Self.probablyMetered))
            }
            return events
        }
    }

    private mutating func forget(_ service: Service) -> [Surroundings.Event] {
        switch service {
        case .logind: return []
        case .networkd: return [.network(.networkd, nil)]
        case .upower: return [.onBattery(false)]
        case .networkManager:
            self = SurroundingsReport()
            return [.network(.networkManager, nil), .metered(false)]
        }
    }

    /// `NM_STATE_UNKNOWN`: whoever reads that is to take it that there may be a way.
    private static let unknown: UInt32 = 0
    /// `NM_STATE_CONNECTED_SITE`: from this state on there is a default route.
    private static let connectedSite: UInt32 = 60
    /// `NM_CONNECTIVITY_NONE`, and `_PORTAL`: a page that wants a person to sign in answers everything.
    private static let noWay: UInt32 = 1
    private static let portal: UInt32 = 2
    /// `NM_METERED_YES`, and `_GUESS_YES`.
    private static let metered: UInt32 = 1
    private static let probablyMetered: UInt32 = 3
}

extension SurroundingsReport.Service {
    /// Those whose properties tell something.
    static let withProperties: [Self] = [.networkManager, .networkd, .upower]
}
