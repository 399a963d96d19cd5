import DBusKit

/// The object of one key: decodes, asks the ``ControlPlane``, encodes.
struct KeyObject: BusObject {
    let label: String
    let service: ControlService

    var interfaces: [InterfaceDescription] { [KeyInterface.description] }

    func authorise(_ call: BusCall) async throws(BusError) {
        try await self.service.admit(call)
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        guard let status = self.service.plane.key(self.label) else {
            throw BusError(.unknownObject, "there is no such key any more")
        }
        let properties = status.busProperties
        self.service.hasTold(properties, of: .key(self.label))
        return properties
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        guard let property = KeyInterface.Property(rawValue: name.text) else {
            throw BusError(.unknownProperty, "\(interface) has no such property")
        }
        try await self.service.acting(for: sender) { (_) throws(ControlFault) in
            try await self.set(property, to: value)
        }
        self.service.keyChanged(self.label)
        self.service.statusChanged()
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        guard let method = KeyInterface.Method(rawValue: call.member.text) else {
            throw BusError(.unknownMethod, "\(call.interface) has no such method")
        }
        let reply = try await self.service.acting(for: call.sender) { (plane) throws(ControlFault) in
            try await self.perform(method, call, by: plane)
        }
        self.service.keyChanged(self.label)
        self.service.statusChanged()
        return reply
    }

    private func perform(
        _ method: KeyInterface.Method, _ call: BusCall, by plane: any ControlPlane
    ) async throws(ControlFault) -> [BusValue] {
        switch method {
        case .reset: try await plane.resetKey(self.label)
        case .probe: return [.text(try await plane.probeKey(self.label))]
        case .replaceSecret:
            var arguments = ArgumentReader(call)
            let secret = try await self.service.secrets.read(try arguments.descriptor())
            try await plane.replaceSecret(of: self.label, by: secret)
        }
        return []
    }

    private func set(_ property: KeyInterface.Property, to value: BusValue) async throws(ControlFault) {
        switch property {
        case .enabled:
            guard let isEnabled = value.asBoolean else { throw ControlFault(.invalidArgument, "Enabled: expected b") }
            try await self.service.plane.changeKey(self.label, enabled: isEnabled, priority: nil, weight: nil)
        case .priority:
            guard let priority = value.asInt32 else { throw ControlFault(.invalidArgument, "Priority: expected i") }
            try await self.service.plane.changeKey(self.label, enabled: nil, priority: priority, weight: nil)
        case .weight:
            guard let weight = value.asUInt32 else { throw ControlFault(.invalidArgument, "Weight: expected u") }
            try KeyOptions.checkWeight(weight)
            try await self.service.plane.changeKey(self.label, enabled: nil, priority: nil, weight: weight)
        case .limits:
            try await self.service.plane.setLimits(of: self.label, to: try KeyLimits(busValue: value))
        case .label, .provider, .state, .reason, .usableAt, .warn, .account, .origin, .masked, .fingerprint, .windows,
            .inconsistentWindows, .inFlight, .requests, .errors, .lastUsedAt, .modelStates:
            throw ControlFault(.notAllowed, "\(property.rawValue) cannot be set")
        }
    }
}
