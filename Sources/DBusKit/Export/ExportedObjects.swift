import Synchronization

/// The objects of one connection: answers the calls that come for them, and announces what changes about them.
///
/// Replies and signals are handed over under a lock where their order matters: nobody who puts together a reply and the
/// signals around it ends up with something older than the newest of them.
final class ExportedObjects: Sendable {
    /// An object whose appearance is not announced yet, because its properties are still being read.
    struct Addition: Sendable {
        /// Which export it is about.
        let serial: UInt64
        /// Reads and announces.
        let task: Task<Void, Never>
        /// Changes in the meantime, announced afterwards.
        var changes: [InterfaceName: PropertyChanges] = [:]
    }

    struct State {
        var tree = ObjectTree()
        var limits = CallLimits()
        /// The calls that run, by a number of their own.
        var calls: [UInt64: Task<Void, Never>] = [:]
        var lastCall: UInt64 = 0
        var additions: [ObjectPath: Addition] = [:]
        var isOver = false
    }

    let emit: @Sendable (OutgoingSignal) -> Void
    let state = Mutex(State())

    /// Makes a connection's objects, none yet.
    ///
    /// `emit` is called under a lock: it must neither wait nor call back. The same is true of the replies of calls.
    init(emit: @escaping @Sendable (OutgoingSignal) -> Void) {
        self.emit = emit
    }

    /// Makes an object known.
    ///
    /// Fails with `invalid` if there is another one at the path or its description is wrong, and with `disconnected`.
    func export(_ object: any BusObject, at path: ObjectPath) throws(BusError) {
        let interfaces = object.interfaces
        try Self.check(interfaces)
        try self.state.withLock { state throws(BusError) in
            guard !state.isOver else { throw Self.ended }
            let exported = try state.tree.insert(object, interfaces, at: path)
            guard !state.tree.managers(above: path).isEmpty else { return }
            // The task waits for the lock before it looks for the addition.
            state.additions[path] = Addition(
                serial: exported.serial,
                task: Task { await self.announceAddition(of: exported) }
            )
        }
    }

    /// Forgets the object at a path, and the object manager there.
    func unexport(_ path: ObjectPath) {
        // The object is let go of after the lock, for that may call back; so may what is cancelled.
        let (exported, addition) = self.state.withLock { state in
            let exported = state.tree.remove(path)
            if let exported { self.announceRemoval(of: exported, state.tree) }
            return (exported, state.additions.removeValue(forKey: path))
        }
        addition?.task.cancel()
        withExtendedLifetime(exported) {}
    }

    /// Serves `ObjectManager` for everything below a path; fails with `disconnected`.
    func exportObjectManager(at path: ObjectPath) throws(BusError) {
        try self.state.withLock { state throws(BusError) in
            guard !state.isOver else { throw Self.ended }
            state.tree.insertManager(at: path)
        }
    }

    /// Announces changes of an object's properties; nothing happens if the object is not exported (any more).
    func propertiesChanged(
        at path: ObjectPath, interface: InterfaceName, changed: [String: BusValue], invalidated: [String]
    ) {
        self.state.withLock { state in
            guard let exported = state.tree.object(at: path), exported.interface(interface.text) != nil else { return }
            if state.additions[path] != nil {
                state.additions[path]?.changes[interface, default: PropertyChanges()].add(changed, invalidated)
            } else {
                state.tree.touch(path)
                self.announce(changed, invalidated, of: interface, at: path)
            }
        }
    }

    /// The connection is over: running calls are cancelled, later ones refused.
    func end() {
        // What is cancelled, or let go of, may call back.
        let last = self.state.withLock { state in
            defer {
                state.tree = ObjectTree()
                state.additions = [:]
                state.isOver = true
            }
            return (tree: state.tree, calls: Array(state.calls.values), additions: state.additions.values.map(\.task))
        }
        for task in last.calls + last.additions { task.cancel() }
    }

    static let ended = BusError(kind: .disconnected, .disconnected, "the connection to the bus has ended")

    private static func check(_ interfaces: [InterfaceDescription]) throws(BusError) {
        var flaw = interfaces.lazy.compactMap(\.flaw).first
        var seen: Set<InterfaceName> = []
        for interface in interfaces where !seen.insert(interface.name).inserted {
            flaw = flaw ?? "\(interface.name) is described twice"
        }
        for interface in interfaces where StandardInterface.contains(interface.name) {
            flaw = flaw ?? "\(interface.name) is served for every object"
        }
        if let flaw { throw BusError(kind: .invalid, .invalidArgs, flaw) }
    }
}
