import DBusKit

/// The object of one provider: asks the ``ControlPlane``, encodes.
struct ProviderObject: BusObject {
    let name: String
    let service: ControlService

    var interfaces: [InterfaceDescription] { [ProviderInterface.description] }

    func authorise(_ call: BusCall) async throws(BusError) {
        try await self.service.admit(call)
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        guard let status = self.service.plane.provider(self.name) else {
            throw BusError(.unknownObject, "there is no such provider any more")
        }
        let properties = status.busProperties
        self.service.hasTold(properties, of: .provider(self.name))
        return properties
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        throw BusError(.propertyReadOnly, "no property of a provider can be set")
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        throw BusError(.unknownMethod, "\(call.interface) has no methods")
    }
}
