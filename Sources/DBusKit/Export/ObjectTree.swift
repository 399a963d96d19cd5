/// An object that is exported.
struct ExportedObject: Sendable {
    /// Where it is.
    let path: ObjectPath
    /// The object.
    let object: any BusObject
    /// Its own interfaces.
    let interfaces: [InterfaceDescription]
    /// A number that no other export has.
    let serial: UInt64
    /// A number that changes whenever something of it is announced: what was read before is out of date from then on.
    fileprivate(set) var stamp: UInt64

    /// One of its own interfaces.
    func interface(_ name: String) -> InterfaceDescription? { self.interfaces.first { $0.name.text == name } }
}

/// Which objects and object managers there are, by path; a pure value.
struct ObjectTree: Sendable {
    private var objects: [ObjectPath: ExportedObject] = [:]
    private var managers: Set<ObjectPath> = []
    private var lastNumber: UInt64 = 0

    /// The object at a path.
    func object(at path: ObjectPath) -> ExportedObject? { self.objects[path] }

    /// The object at a path or the nearest one above it, which decides who may ask about the path.
    func keeper(of path: ObjectPath) -> ExportedObject? {
        self.objects[path]
            ?? self.objects.values.filter { path.isChild(of: $0.path) }
            .max { $0.path.text.utf8.count < $1.path.text.utf8.count }
    }

    /// Whether a path serves `ObjectManager`.
    func isManager(_ path: ObjectPath) -> Bool { self.managers.contains(path) }

    /// Whether there is something at a path or below it, so that it can be introspected.
    func isKnown(_ path: ObjectPath) -> Bool {
        self.objects[path] != nil || self.managers.contains(path)
            || self.objects.keys.contains { $0.isChild(of: path) } || self.managers.contains { $0.isChild(of: path) }
    }

    /// All interfaces at a path: the object's own ones and then the standard ones.
    func interfaces(at path: ObjectPath) -> [InterfaceDescription] {
        let own = self.objects[path]?.interfaces ?? []
        let manager = self.managers.contains(path) ? [StandardInterface.objectManager] : []
        let isCallable = self.objects[path] != nil || !manager.isEmpty
        return own + [StandardInterface.peer, StandardInterface.introspectable]
            + (isCallable ? [StandardInterface.properties] : []) + manager
    }

    /// The elements that follow a path, sorted: objects, and what is on the way to them.
    func children(of path: ObjectPath) -> [String] {
        let names = [Array(self.objects.keys), Array(self.managers)].joined()
            .compactMap { $0.elements(below: path)?.first.map(String.init) }
        return Set(names).sorted()
    }

    /// The objects anywhere below a path, sorted.
    func objects(below path: ObjectPath) -> [ExportedObject] {
        self.objects.values.filter { $0.path.isChild(of: path) }.sorted { $0.path.text < $1.path.text }
    }

    /// The object managers above a path, sorted.
    func managers(above path: ObjectPath) -> [ObjectPath] {
        self.managers.filter { path.isChild(of: $0) }.sorted { $0.text < $1.text }
    }

    /// Adds an object where there is none.
    mutating func insert(
        _ object: any BusObject, _ interfaces: [InterfaceDescription], at path: ObjectPath
    ) throws(BusError) -> ExportedObject {
        guard self.objects[path] == nil else {
            throw BusError(kind: .invalid, .objectPathInUse, "there is an object at \(path) already")
        }
        let number = self.nextNumber()
        let exported = ExportedObject(path: path, object: object, interfaces: interfaces, serial: number, stamp: number)
        self.objects[path] = exported
        return exported
    }

    /// Notes that something of an object is announced.
    mutating func touch(_ path: ObjectPath) {
        guard self.objects[path] != nil else { return }
        let number = self.nextNumber()
        self.objects[path]?.stamp = number
    }

    /// Adds an object manager, unless there is one.
    mutating func insertManager(at path: ObjectPath) {
        self.managers.insert(path)
    }

    /// Removes the object and the object manager at a path, and returns the former.
    mutating func remove(_ path: ObjectPath) -> ExportedObject? {
        self.managers.remove(path)
        return self.objects.removeValue(forKey: path)
    }

    private mutating func nextNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }
}
