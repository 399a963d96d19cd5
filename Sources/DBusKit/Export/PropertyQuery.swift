/// Which properties of which objects are to be read.
struct PropertyQuery: Sendable {
    /// Whose properties.
    enum Scope: Sendable {
        /// Those of the object at a path.
        case object(ObjectPath)
        /// Those of all objects below a path.
        case below(ObjectPath)
    }

    /// Whose properties.
    let scope: Scope
    /// Of which interface; `nil` means of all.
    let interface: InterfaceName?

    /// The objects that are asked.
    func objects(in tree: ObjectTree) -> [ExportedObject] {
        switch self.scope {
        case .object(let path): tree.object(at: path).map { [$0] } ?? []
        case .below(let path): tree.objects(below: path)
        }
    }

    /// Reads an object's properties; `nil` if it says that it has gone, and is only one of many.
    func read(_ exported: ExportedObject) async throws(BusError) -> PropertyReading? {
        var reading = PropertyReading(path: exported.path)
        for description in exported.interfaces where self.interface.map({ $0 == description.name }) ?? true {
            do {
                reading.interfaces.append((description.name, try await exported.properties(of: description)))
            } catch {
                if case .below = self.scope, error.name == .unknownObject { return nil }
                throw error
            }
        }
        return reading
    }
}

/// The properties of an object as it told them.
struct PropertyReading: Sendable {
    /// Where the object is.
    let path: ObjectPath
    /// The values by name, of each interface.
    var interfaces: [(name: InterfaceName, values: [String: BusValue])] = []

    /// The values of all interfaces together; of those with the same name, the first.
    var merged: [String: BusValue] {
        self.interfaces.reduce(into: [:]) { $0.merge($1.values) { first, _ in first } }
    }

    /// Interfaces with their properties, `a{sa{sv}}`.
    var busValue: BusValue {
        .dictionary(
            key: "s",
            value: "a{sv}",
            self.interfaces.map { BusEntry(key: .string($0.name.text), value: .variants($0.values)) }
        )
    }
}

extension ExportedObject {
    /// The values of an interface's properties, which must be as the interface describes them.
    func properties(of description: InterfaceDescription) async throws(BusError) -> [String: BusValue] {
        let values = try await self.object.properties(of: description.name)
        for (name, value) in values {
            guard let property = description.property(name) else {
                throw BusError(.failed, "\(description.name) does not describe a property that the object tells")
            }
            let type = value.signature
            guard type == property.signature else {
                throw BusError(.failed, "\(description.name).\(name) is a \(type) and not \(property.signature)")
            }
        }
        return values
    }
}
