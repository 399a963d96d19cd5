import DBusKit
import Glibc
import TestSupport

@testable import DBusControl

/// The service of a fake daemon on a bus of its own, and a caller on the same bus.
struct ControlStage: Sendable {
    /// How long anything on the bus may take.
    static let patience = Duration.seconds(20)

    /// The bus.
    let address: BusAddress
    /// The fake daemon.
    let plane: FakeControlPlane
    /// The service under test.
    let service: ControlService
    /// A connection that calls it.
    let caller: BusConnection

    /// Whom the service takes for whom.
    struct Callers: Sendable {
        /// The daemon's own user.
        var ownUserID = getuid()
        /// The user who may do everything beside it.
        var rootUserID: UInt32 = 0
        /// Who decides about the others.
        var authority = CallerAuthority.sameUser
        /// How long polkit may take.
        var patience = PolkitAuthority.Patience()
    }

    /// Sets the stage for as long as `body` runs; `ownUserID` is the user that the service takes for its own.
    static func with(
        ownUserID: UInt32 = getuid(),
        secrets: SecretReader = SecretReader(),
        files: DescriptorReader = ControlService.fileReader(),
        _ body: (ControlStage) async throws -> Void
    ) async throws {
        try await PrivateBus.with { bus in
            try await Self.with(
                on: bus.address, Callers(ownUserID: ownUserID), secrets: secrets, files: files, body)
        }
    }

    /// Sets the stage on a bus that is there.
    static func with(
        on address: String,
        _ callers: Callers,
        secrets: SecretReader = SecretReader(),
        files: DescriptorReader = ControlService.fileReader(),
        _ body: (ControlStage) async throws -> Void
    ) async throws {
        let address = BusAddress.address(address)
        try await Self.withConnection(to: address) { server in
            let plane = FakeControlPlane()
            let check = CallerCheck(
                ownUserID: callers.ownUserID, authority: callers.authority, connection: server,
                rootUserID: callers.rootUserID, patience: callers.patience)
            let service = ControlService(
                plane: plane, callers: check, connection: server, secrets: secrets, files: files)
            try service.export()
            guard try await service.requestName(timeout: Self.patience) else {
                throw TestFailure("the name is taken")
            }
            let running = Task { await service.run() }
            defer { running.cancel() }
            try await Self.withConnection(to: address) { caller in
                try await body(ControlStage(address: address, plane: plane, service: service, caller: caller))
            }
        }
    }

    /// A further connection, closed afterwards.
    static func withConnection<Value>(
        to address: BusAddress, _ body: (BusConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await BusConnection.open(address, timeout: Self.patience)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Calls a method of the manager.
    @discardableResult
    func call(_ method: ManagerInterface.Method, _ arguments: [BusValue] = []) async throws -> [BusValue] {
        try await self.call(ControlPath.manager, ManagerInterface.name, method.member, arguments)
    }

    /// Calls any method of the daemon.
    @discardableResult
    func call(
        _ path: ObjectPath, _ interface: InterfaceName, _ member: MemberName, _ arguments: [BusValue] = [],
        allowsInteraction: Bool = false
    ) async throws -> [BusValue] {
        try await self.caller.call(
            ControlNames.bus, path: path, interface: interface, member: member, arguments, timeout: Self.patience,
            allowsInteraction: allowsInteraction)
    }

    /// Reads a property.
    func get(_ path: ObjectPath, _ interface: InterfaceName, _ property: String) async throws -> BusValue? {
        let answer = try await self.call(
            path, Standard.properties, "Get", [.string(interface.text), .string(property)])
        return answer.first?.asVariant
    }

    /// Reads all properties.
    func getAll(_ path: ObjectPath, _ interface: InterfaceName) async throws -> [String: BusValue] {
        let answer = try await self.call(path, Standard.properties, "GetAll", [.string(interface.text)])
        return answer.first?.asDictionary ?? [:]
    }

    /// Sets a property.
    func set(_ path: ObjectPath, _ interface: InterfaceName, _ property: String, _ value: BusValue) async throws {
        try await self.call(
            path, Standard.properties, "Set", [.string(interface.text), .string(property), .variant(value)])
    }

    /// The XML with which an object introspects.
    func introspect(_ path: ObjectPath) async throws -> String {
        let answer = try await self.call(path, "org.freedesktop.DBus.Introspectable", "Introspect")
        guard let text = answer.first?.asString else { throw TestFailure("Introspect tells no text") }
        return text
    }

    /// The signals of an interface that the daemon sends from now on.
    func signals(
        of interface: InterfaceName, to listener: BusConnection? = nil, capacity: Int = 1024
    ) async throws -> SignalSubscription {
        try await (listener ?? self.caller).signals(
            SignalRule(sender: ControlNames.bus, interface: interface), capacity: capacity)
    }
}

/// The standard interfaces.
enum Standard {
    static let properties: InterfaceName = "org.freedesktop.DBus.Properties"
    static let objectManager: InterfaceName = "org.freedesktop.DBus.ObjectManager"
    static let peer: InterfaceName = "org.freedesktop.DBus.Peer"
}

/// The name of the error with which `body` fails; `nil` if it does not, or not with an error of the bus.
func errorName(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let error as BusError {
        return error.name.text
    } catch {
        return nil
    }
}
