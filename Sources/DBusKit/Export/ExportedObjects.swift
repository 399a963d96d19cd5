/// The objects of one connection.
final class ExportedObjects: Sendable {
    private let emit: @Sendable (OutgoingSignal) -> Void

    /// Makes a connection's objects, none yet.
    ///
    /// `emit` is called under a lock, so that signals keep their order: it must neither wait nor call back.
    init(emit: @escaping @Sendable (OutgoingSignal) -> Void) {
        self.emit = emit
    }

    /// Answers a call.
    ///
    /// Called on the connection's thread; never blocks; `reply` is called exactly once, from any thread, also for calls
    /// that expect no reply: the connection then sends nothing.
    func handle(_ call: IncomingCall, reply: @escaping @Sendable (CallOutcome) -> Void) {
        reply(.failure(BusError(.unknownObject, "there is no object at \(call.path)")))
    }

    /// The connection is over: running calls are cancelled, later ones refused.
    func end() {}

    /// Makes an object known.
    func export(_ object: any BusObject, at path: ObjectPath) throws(BusError) {}

    /// Forgets the object at a path, and the object manager there.
    func unexport(_ path: ObjectPath) {}

    /// Serves `ObjectManager` for everything below a path.
    func exportObjectManager(at path: ObjectPath) throws(BusError) {}

    /// Announces changes of an object's properties.
    func propertiesChanged(
        at path: ObjectPath, interface: InterfaceName, changed: [String: BusValue], invalidated: [String]
    ) {}
}
