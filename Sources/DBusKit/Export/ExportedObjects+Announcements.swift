import Synchronization

/// The signals of the standard interfaces.
extension ExportedObjects {
    /// Announces an object to the object managers above it, once its properties are read.
    func announceAddition(of exported: ExportedObject) async {
        var reading = PropertyReading(path: exported.path)
        for description in exported.interfaces {
            do {
                reading.interfaces.append((description.name, try await exported.properties(of: description)))
            } catch {
                // The interface is there; whoever asks for its properties gets the error.
                reading.interfaces.append((description.name, [:]))
            }
        }
        let added: [BusValue] = [.path(exported.path), reading.busValue]
        self.state.withLock { state in
            guard state.additions[exported.path]?.serial == exported.serial,
                let addition = state.additions.removeValue(forKey: exported.path)
            else { return }
            for manager in state.tree.managers(above: exported.path) {
                self.emit(Self.signal(StandardInterface.ObjectManager.added, added, of: manager))
            }
            state.tree.touch(exported.path)
            for (interface, changes) in addition.changes {
                self.announce(changes.changed, changes.invalidated.sorted(), of: interface, at: exported.path)
            }
        }
    }

    /// Tells the object managers above it that an object has gone, whether or not its appearance was announced: it may
    /// have been seen in the reply of `GetManagedObjects`.
    func announceRemoval(of exported: ExportedObject, _ tree: ObjectTree) {
        let removed: [BusValue] = [.path(exported.path), .strings(exported.interfaces.map(\.name.text))]
        for manager in tree.managers(above: exported.path) {
            self.emit(Self.signal(StandardInterface.ObjectManager.removed, removed, of: manager))
        }
    }

    /// Tells new values of properties, and the names of those whose values are not told.
    func announce(
        _ changed: [String: BusValue], _ invalidated: [String], of interface: InterfaceName, at path: ObjectPath
    ) {
        self.emit(
            OutgoingSignal(
                path: path,
                interface: StandardInterface.properties.name,
                member: StandardInterface.Properties.changed,
                arguments: [.string(interface.text), .variants(changed), .strings(invalidated)],
                destination: nil
            )
        )
    }

    private static func signal(
        _ member: MemberName, _ arguments: [BusValue], of manager: ObjectPath
    ) -> OutgoingSignal {
        OutgoingSignal(
            path: manager,
            interface: StandardInterface.objectManager.name,
            member: member,
            arguments: arguments,
            destination: nil
        )
    }
}
