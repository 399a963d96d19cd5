import DBusKit

/// The object of one client: decodes, asks the ``ControlPlane``, encodes.
struct ClientObject: BusObject {
    let name: String
    let service: ControlService

    var interfaces: [InterfaceDescription] { [ClientInterface.description] }

    func authorise(_ call: BusCall) async throws(BusError) {
        try await self.service.admit(call)
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        guard let status = self.service.plane.client(self.name) else {
            throw BusError(.unknownObject, "there is no such client any more")
        }
        let properties = status.busProperties
        self.service.hasTold(properties, of: .client(self.name))
        return properties
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        throw BusError(.propertyReadOnly, "no property of a client can be set")
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        guard let method = ClientInterface.Method(rawValue: call.member.text) else {
            throw BusError(.unknownMethod, "\(call.interface) has no such method")
        }
        try await self.service.acting(for: call.sender) { (plane) throws(ControlFault) in
            switch method {
            case .revoke: try await plane.revokeClient(self.name)
            }
        }
        self.service.objectsChanged()
        return []
    }
}
