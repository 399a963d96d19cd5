extension BusConnection {
    /// Emits a signal; never waits.
    ///
    /// When too many wait to be sent it is dropped and counted (``droppedSignals``); so is one that cannot be encoded.
    public func emit(
        path: ObjectPath,
        interface: InterfaceName,
        member: MemberName,
        _ arguments: [BusValue],
        to destination: BusName? = nil
    ) {
        self.mailbox.emit(
            OutgoingSignal(
                path: path,
                interface: interface,
                member: member,
                arguments: arguments,
                destination: destination
            )
        )
    }

    /// Has an object answer the calls of a path, until it is taken back or the connection ends.
    public func export(_ object: any BusObject, at path: ObjectPath) throws(BusError) {
        try self.objects.export(object, at: path)
    }

    /// Takes back the object of a path, if there is one.
    public func unexport(_ path: ObjectPath) { self.objects.unexport(path) }

    /// Serves `ObjectManager` at a path, for the objects below it.
    public func exportObjectManager(at path: ObjectPath) throws(BusError) {
        try self.objects.exportObjectManager(at: path)
    }

    /// Announces that properties have changed: those in `changed` with their values, the others by name.
    public func propertiesChanged(
        at path: ObjectPath,
        interface: InterfaceName,
        changed: [String: BusValue],
        invalidated: [String] = []
    ) {
        self.objects.propertiesChanged(at: path, interface: interface, changed: changed, invalidated: invalidated)
    }
}
