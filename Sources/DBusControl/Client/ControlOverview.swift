import DBusKit

/// The daemon and everything it holds.
public struct ControlOverview: Sendable, Equatable {
    /// The daemon as a whole.
    public var manager = ManagerStatus()
    /// All keys, by label.
    public var keys: [KeyStatus] = []
    /// All providers, by name.
    public var providers: [ProviderStatus] = []
    /// All clients, by name.
    public var clients: [ClientStatus] = []

    /// Of a daemon of which nothing is known.
    public init() {}
}

extension ControlClient {
    /// The daemon and all its objects, in two round trips however many there are.
    ///
    /// An object manager tells of the objects below it and not of itself, hence the second one.
    public func overview() async throws(ControlClientError) -> ControlOverview {
        var overview = ControlOverview()
        overview.manager = try await self.manager()
        let objects = try await self.managedObjects()
        overview.keys = try Self.keys(in: objects)
        overview.providers = try Self.providers(in: objects)
        overview.clients = try Self.clients(in: objects)
        return overview
    }

    /// All objects of the daemon, in one round trip.
    func managedObjects() async throws(ControlClientError) -> [ManagedObject] {
        let reply = try await self.send(ControlPath.manager, Self.objectManagerInterface, "GetManagedObjects", [])
        guard reply.count == 1, case .dictionary(_, _, let objects) = reply[0] else {
            throw Self.unreadable("GetManagedObjects")
        }
        var found: [ManagedObject] = []
        for object in objects {
            guard let path = object.key.asPath, let interfaces = object.value.asDictionary else {
                throw Self.unreadable("GetManagedObjects")
            }
            found.append(ManagedObject(path: path, interfaces: interfaces))
        }
        return found
    }

    static func keys(in objects: [ManagedObject]) throws(ControlClientError) -> [KeyStatus] {
        try Self.statuses(KeyInterface.name, in: objects) { (path, properties) throws(ControlFault) in
            ControlPath.keyLabel(of: path) == nil ? nil : try KeyStatus(busProperties: properties)
        }
        .sorted { $0.label < $1.label }
    }

    static func providers(in objects: [ManagedObject]) throws(ControlClientError) -> [ProviderStatus] {
        try Self.statuses(ProviderInterface.name, in: objects) { (path, properties) throws(ControlFault) in
            ControlPath.providerName(of: path) == nil ? nil : try ProviderStatus(busProperties: properties)
        }
        .sorted { $0.name < $1.name }
    }

    static func clients(in objects: [ManagedObject]) throws(ControlClientError) -> [ClientStatus] {
        try Self.statuses(ClientInterface.name, in: objects) { (path, properties) throws(ControlFault) in
            ControlPath.clientName(of: path) == nil ? nil : try ClientStatus(busProperties: properties)
        }
        .sorted { $0.name < $1.name }
    }

    /// The objects that have an interface, read by `read`; `nil` passes one over.
    private static func statuses<Status>(
        _ interface: InterfaceName,
        in objects: [ManagedObject],
        _ read: (ObjectPath, [String: BusValue]) throws(ControlFault) -> Status?
    ) throws(ControlClientError) -> [Status] {
        var statuses: [Status] = []
        for object in objects {
            guard let properties = object.interfaces[interface.text]?.asDictionary else { continue }
            let status = try Self.reading { () throws(ControlFault) in try read(object.path, properties) }
            if let status { statuses.append(status) }
        }
        return statuses
    }
}

/// An object of the daemon as its object manager tells it.
struct ManagedObject {
    let path: ObjectPath
    /// The properties of each interface.
    let interfaces: [String: BusValue]
}
