import DBusKit

// What the typed calls are made of.

extension ControlClient {
    private static let propertiesInterface: InterfaceName = "org.freedesktop.DBus.Properties"
    static let objectManagerInterface: InterfaceName = "org.freedesktop.DBus.ObjectManager"

    /// Calls a method of the manager.
    func call(
        _ method: ManagerInterface.Method, _ arguments: [BusValue] = []
    ) async throws(ControlClientError) -> [BusValue] {
        try await self.send(ControlPath.manager, ManagerInterface.name, method.member, arguments)
    }

    /// Calls a method of an object of the daemon.
    func send(
        _ path: ObjectPath, _ interface: InterfaceName, _ member: MemberName, _ arguments: [BusValue]
    ) async throws(ControlClientError) -> [BusValue] {
        do throws(BusError) {
            return try await self.connection.call(
                ControlNames.bus,
                path: path,
                interface: interface,
                member: member,
                arguments,
                timeout: self.timeout,
                autoStart: self.mayStart,
                allowsInteraction: self.allowsInteraction
            )
        } catch {
            throw ControlClientError(error)
        }
    }

    /// All properties of an interface of an object.
    func properties(
        of interface: InterfaceName, at path: ObjectPath
    ) async throws(ControlClientError) -> [String: BusValue] {
        let arguments: [BusValue] = [.string(interface.text)]
        return try Self.one(try await self.send(path, Self.propertiesInterface, "GetAll", arguments), \.asDictionary)
    }

    /// Sets a property.
    func set(
        _ property: some ControlMember, _ value: BusValue, _ interface: InterfaceName, _ path: ObjectPath
    ) async throws(ControlClientError) {
        let arguments: [BusValue] = [.string(interface.text), .string(property.rawValue), .variant(value)]
        _ = try await self.send(path, Self.propertiesInterface, "Set", arguments)
    }

    /// The only value of a reply.
    static func one<Value>(
        _ reply: [BusValue], _ read: (BusValue) -> Value?
    ) throws(ControlClientError) -> Value {
        guard reply.count == 1, let value = read(reply[0]) else { throw Self.unreadable("the reply") }
        return value
    }

    /// Reads what the daemon told, for which it is to blame if that fails.
    static func reading<Value>(_ body: () throws(ControlFault) -> Value) throws(ControlClientError) -> Value {
        do throws(ControlFault) {
            return try body()
        } catch {
            throw ControlClientError(reading: error)
        }
    }

    /// A reply that is not as the contract has it.
    static func unreadable(_ method: ManagerInterface.Method) -> ControlClientError {
        Self.unreadable("the reply of \(method.rawValue)")
    }

    static func unreadable(_ what: String) -> ControlClientError {
        ControlClientError(reading: ControlFault(.invalidArgument, "\(what) is not of the contract's type"))
    }

    /// Reads a token from the descriptor that the daemon passed.
    static func token(from descriptor: OwnedDescriptor) async throws(ControlClientError) -> SecretText {
        do throws(ControlFault) {
            return try await SecretReader(limit: 4096, deadline: .seconds(5), slots: 1).read(descriptor)
        } catch {
            throw ControlClientError(.protocolError, "the token cannot be read: \(error.message)")
        }
    }
}
