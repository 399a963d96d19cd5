import Synchronization

/// What callers ask for.
extension ExportedObjects {
    /// How a call's end is told.
    typealias Reply = @Sendable (CallOutcome) -> Void

    /// How often properties are read again because changes were announced in the meantime.
    private static let maximumReadings = 8

    /// Answers a call.
    ///
    /// Called on the connection's thread; never blocks; `reply` is called exactly once, from any thread, also for calls
    /// that expect no reply: the connection then sends nothing.
    func handle(_ call: IncomingCall, reply: @escaping Reply) {
        guard let tree = self.state.withLock({ $0.isOver ? nil : $0.tree }) else {
            return reply(.failure(Self.ended))
        }
        if let outcome = Self.immediateOutcome(of: call, in: tree) { return reply(outcome) }
        guard let objectCall = ObjectCall(call, in: tree) else {
            return reply(.failure(Self.unknownObject(at: call.path)))
        }
        let refusal = self.state.withLock { state -> BusError? in
            // The end may have come since.
            if state.isOver { return Self.ended }
            guard state.limits.begin(call.sender) else {
                return BusError(.limitsExceeded, "too many calls are running; wait for their answers")
            }
            state.lastCall += 1
            let number = state.lastCall
            // The task waits for the lock before it takes itself out.
            state.calls[number] = Task {
                await self.serve(objectCall, reply: reply)
                self.callEnded(number, of: call.sender)
            }
            return nil
        }
        if let refusal { reply(.failure(refusal)) }
    }

    private func callEnded(_ number: UInt64, of sender: BusName?) {
        self.state.withLock { state in
            state.calls[number] = nil
            state.limits.end(sender)
        }
    }

    // MARK: - Peer and Introspectable

    /// The answer to what can be answered at once: who is there, and what can be asked where no object decides about it.
    private static func immediateOutcome(of call: IncomingCall, in tree: ObjectTree) -> CallOutcome? {
        let name =
            call.interface ?? tree.interfaces(at: call.path).first { $0.method(call.member) != nil }?.name
        let interface: InterfaceDescription
        switch name {
        // Is about the whole process, so that any path will do.
        case StandardInterface.peer.name: interface = StandardInterface.peer
        case StandardInterface.introspectable.name where tree.isKnown(call.path) && tree.keeper(of: call.path) == nil:
            interface = StandardInterface.introspectable
        default: return nil
        }
        do throws(BusError) {
            let method = try ObjectCall.checkedMethod(call.member, call.signature, of: interface)
            switch method.name {
            case StandardInterface.Peer.ping: return .values([])
            case StandardInterface.Peer.getMachineID:
                guard let identifier = MachineID.read() else {
                    throw BusError(.failed, "the machine has no identifier")
                }
                return .values([.string(identifier)])
            default: return .values([Self.document(of: call.path, in: tree)])
            }
        } catch {
            return .failure(error)
        }
    }

    private static func document(of path: ObjectPath, in tree: ObjectTree) -> BusValue {
        let document = IntrospectionDocument(interfaces: tree.interfaces(at: path), children: tree.children(of: path))
        return .string(document.text)
    }

    // MARK: - Everything else

    private func serve(_ call: ObjectCall, reply: Reply) async {
        do throws(BusError) {
            // Before all else: whoever may do nothing learns nothing either.
            try await call.authorise()
            guard !call.isVacant else { throw Self.unknownObject(at: call.call.path) }
            let method = try call.checkedMethod()
            switch call.call.interface {
            case StandardInterface.properties.name:
                try await self.serveProperties(call, reply)
            case StandardInterface.introspectable.name:
                reply(.values([Self.document(of: call.call.path, in: self.state.withLock { $0.tree })]))
            case StandardInterface.objectManager.name:
                let query = PropertyQuery(scope: .below(call.call.path), interface: nil)
                try await self.answer(query, reply) { readings in
                    let entries = readings.map { BusEntry(key: .path($0.path), value: $0.busValue) }
                    return [.dictionary(key: "o", value: StandardInterface.interfacesType, entries)]
                }
            default:
                // Only an object has interfaces of its own; the other standard ones were answered before.
                guard let exported = call.exported else { throw Self.unknownObject(at: call.call.path) }
                reply(.values(try await call.perform(method, of: exported)))
            }
        } catch {
            reply(.failure(error))
        }
    }

    private func serveProperties(_ call: ObjectCall, _ reply: Reply) async throws(BusError) {
        let scope = PropertyQuery.Scope.object(call.call.path)
        switch call.call.member {
        case StandardInterface.Properties.set:
            try await call.setProperty()
            reply(.values([]))
        case StandardInterface.Properties.get:
            let (interface, property) = try call.property()
            let query = PropertyQuery(scope: scope, interface: interface)
            try await self.answer(query, reply) { readings throws(BusError) in
                guard let reading = readings.first else { throw Self.unknownObject(at: call.call.path) }
                guard let value = reading.merged[property.name.text] else {
                    throw BusError(.failed, "\(interface).\(property.name) has no value")
                }
                return [.variant(value)]
            }
        default:
            let wanted = try call.wantedInterfaces()
            // The standard interfaces have no properties.
            let query = PropertyQuery(scope: scope, interface: wanted.count == 1 ? wanted[0].name : nil)
            try await self.answer(query, reply) { readings throws(BusError) in
                // Where there is an object manager alone, there is nobody to read.
                guard !readings.isEmpty || call.exported == nil else {
                    throw Self.unknownObject(at: call.call.path)
                }
                return [.variants(readings.first?.merged ?? [:])]
            }
        }
    }

    private static func unknownObject(at path: ObjectPath) -> BusError {
        BusError(.unknownObject, "there is no object at \(path)")
    }

    /// Answers with properties that are not older than anything that was announced before the answer.
    ///
    /// Objects are asked again when something of them was announced while they were read, and those that have come or
    /// gone in the meantime are taken in or left out; that ends after a few rounds though. Does not answer if it fails.
    private func answer(
        _ query: PropertyQuery,
        _ reply: Reply,
        _ convert: ([PropertyReading]) throws(BusError) -> [BusValue]
    ) async throws(BusError) {
        var known: [UInt64: (stamp: UInt64, reading: PropertyReading?)] = [:]
        var roundsLeft = Self.maximumReadings
        while true {
            for exported in self.state.withLock({ query.objects(in: $0.tree) })
            where known[exported.serial]?.stamp != exported.stamp {
                known[exported.serial] = (exported.stamp, try await query.read(exported))
            }
            roundsLeft -= 1
            let isAnswered = try self.state.withLock { state throws(BusError) in
                let objects = query.objects(in: state.tree)
                let areCurrent = objects.allSatisfy { known[$0.serial]?.stamp == $0.stamp }
                guard areCurrent || roundsLeft == 0 else { return false }
                reply(.values(try convert(objects.compactMap { known[$0.serial]?.reading })))
                return true
            }
            if isAnswered { return }
        }
    }
}
