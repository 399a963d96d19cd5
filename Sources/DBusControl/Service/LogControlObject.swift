import DBusKit

/// The object `/org/freedesktop/LogControl1`: what the daemon logs, changed while it runs (T-030).
struct LogControlObject: BusObject {
    let service: ControlService

    var interfaces: [InterfaceDescription] { [LogControlInterface.description] }

    func authorise(_ call: BusCall) async throws(BusError) {
        try await self.service.admit(call)
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        LogControlInterface.Property.allCases.reduce(into: [:]) { $0[$1.rawValue] = .text(self.value(of: $1)) }
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        guard let property = LogControlInterface.Property(rawValue: name.text) else {
            throw BusError(.unknownProperty, "\(interface) has no such property")
        }
        let level = value.asString ?? ""
        switch property {
        case .logLevel:
            guard LogControlInterface.levels.contains(level) else {
                throw BusError(
                    .invalidArgs, "LogLevel: expected one of \(LogControlInterface.levels.joined(separator: ", "))")
            }
            try await self.service.acting(for: sender) { (plane) throws(ControlFault) in
                try await plane.setLogLevel(level)
            }
        case .logTarget, .syslogIdentifier: throw BusError(.propertyReadOnly, "\(name) cannot be set")
        }
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        throw BusError(.unknownMethod, "\(call.interface) has no such method")
    }

    private func value(of property: LogControlInterface.Property) -> String {
        switch property {
        case .logLevel: self.service.plane.logLevel()
        case .logTarget: self.service.plane.logTarget()
        case .syslogIdentifier: LogControlInterface.syslogIdentifier
        }
    }
}
