public import DBusKit
import Synchronization

/// The daemon's objects on one connection to a bus (contract section 9).
///
/// Its life: ``export()``, ``requestName(timeout:)``, ``run()`` until the connection ends. After that a new connection
/// gets a new service. Everything that the daemon tells it (``keyChanged(_:)`` and its like) never waits and may be told
/// from any thread, but for threads that hold a lock that the ``ControlPlane`` takes to answer.
public final class ControlService: Sendable {
    private struct State {
        var pacer = ChangePacer<ControlSubject>()
        var ledger = PropertyLedger()
        /// The exported keys by label, with their providers.
        var keys: [String: String] = [:]
        /// The exported providers.
        var providers: Set<String> = []
        /// The exported clients.
        var clients: Set<String> = []
        /// The number of the newest reading of what there is that was begun, and of the newest that was applied.
        var readings: (begun: UInt64, applied: UInt64) = (0, 0)
    }

    let plane: any ControlPlane
    let callers: CallerCheck
    let secrets: SecretReader
    let files: DescriptorReader
    let connection: BusConnection
    let subscribers = Mutex(SubscriberTable())
    private let state = Mutex(State())
    /// Subscribers that are to be asked whether they read.
    let silentSubscribers: AsyncStream<BusName>
    let silence: AsyncStream<BusName>.Continuation
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Makes the service of a connection; nothing is exported yet.
    ///
    /// - Parameters:
    ///   - plane: what the daemon does for callers.
    ///   - ownUserID: the user whose processes may call.
    ///   - authority: who decides about callers of other users.
    ///   - connection: the connection to the bus.
    public convenience init(
        plane: any ControlPlane, ownUserID: UInt32, authority: CallerAuthority = .sameUser, connection: BusConnection
    ) {
        let callers = CallerCheck(ownUserID: ownUserID, authority: authority, connection: connection)
        self.init(plane: plane, callers: callers, connection: connection, secrets: SecretReader())
    }

    init(
        plane: any ControlPlane, callers: CallerCheck, connection: BusConnection, secrets: SecretReader,
        files: DescriptorReader = ControlService.fileReader()
    ) {
        self.plane = plane
        self.callers = callers
        self.secrets = secrets
        self.files = files
        self.connection = connection
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // Whoever is dropped here is named again with its next signal.
        (self.silentSubscribers, self.silence) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(64))
    }

    /// Reads the files of `ImportPrices`: large ones, so that few are held in memory at once.
    static func fileReader(limit: Int = 16 << 20, deadline: Duration = .seconds(60)) -> DescriptorReader {
        DescriptorReader("file", limit: limit, deadline: deadline, slots: 2)
    }

    /// Has the thread of the connection call a closure when its turn comes; at once after the connection's end.
    ///
    /// Never waits.
    public func giveSign(_ sign: @escaping @Sendable () -> Void) {
        self.connection.giveSign(sign)
    }

    /// Exports all objects; to be called once, before the name is requested.
    public func export() throws(BusError) {
        let status = self.plane.managerStatus().busProperties
        self.state.withLock { $0.ledger.begin(.manager, with: status) }
        try self.connection.exportObjectManager(at: ControlPath.manager)
        try self.connection.export(ManagerObject(service: self), at: ControlPath.manager)
        try self.connection.export(LogControlObject(service: self), at: LogControlInterface.path)
        try self.synchronise()
    }

    /// Requests the daemon's name; `false` if another daemon has it.
    public func requestName(timeout: Duration) async throws(BusError) -> Bool {
        try await self.connection.requestName(ControlNames.bus, timeout: timeout)
    }

    /// Announces changes of properties, and follows the callers that come and go, until it is cancelled or the
    /// connection ends; to be called once.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.announceChanges() }
            group.addTask { await self.followCallers() }
            group.addTask { await self.askSubscribers() }
            // Whichever ends first was cancelled, or has seen the connection end.
            await group.next()
            group.cancelAll()
        }
        // Nobody takes those out any more who go.
        self.subscribers.withLock { $0.removeAll() }
    }

    // MARK: - What the daemon tells

    /// Something of the daemon as a whole may have changed.
    public func statusChanged() { self.mark(.manager) }

    /// Something of a key may have changed.
    public func keyChanged(_ label: String) { self.mark(.key(label)) }

    /// A request has used a key, which seldom changes more of it than counts that are not announced.
    public func keyUsed(_ label: String) { self.mark(.key(label), isUsed: true) }

    /// Something of a provider may have changed.
    public func providerChanged(_ name: String) { self.mark(.provider(name)) }

    /// Keys, providers or clients came or went, or a key moved to another provider.
    public func objectsChanged() {
        do {
            try self.synchronise()
        } catch {
            // An object cannot be exported on a connection that has ended only; the next one exports them all.
        }
        self.mark(.manager)
        // They name their keys.
        for name in self.state.withLock({ $0.providers }) { self.mark(.provider(name)) }
    }

    /// Anything may have changed, as after a reload.
    func everythingChanged() {
        self.objectsChanged()
        let subjects = self.state.withLock { state in
            state.keys.keys.map(ControlSubject.key) + state.clients.map(ControlSubject.client)
        }
        for subject in subjects { self.mark(subject) }
    }

    /// Notes what a reader of properties got.
    func hasTold(_ values: [String: BusValue], of subject: ControlSubject) {
        if self.state.withLock({ $0.ledger.hasTold(values, of: subject) }) { self.mark(subject) }
    }

    // MARK: - Objects

    // Two readings may overlap. The one that was begun later knows of everything that came before it, so that the
    // earlier one is not applied after it. The plane is never asked under the lock.
    private func synchronise() throws(BusError) {
        let reading = self.state.withLock { state in
            state.readings.begun += 1
            return state.readings.begun
        }
        let keys = self.plane.keys()
        let providers = self.plane.providers()
        let clients = self.plane.clients()
        let result = self.state.withLock { state in
            Result<Void, BusError> { () throws(BusError) in
                guard reading > state.readings.applied else { return }
                state.readings.applied = reading
                try self.apply(keys, to: &state)
                // Behind the keys, which they name by their objects.
                try self.apply(providers, to: &state)
                try self.apply(clients, to: &state)
            }
        }
        try result.get()
    }

    private func apply(_ keys: [KeyStatus], to state: inout State) throws(BusError) {
        let wanted = Dictionary(keys.map { ($0.label, $0.provider) }) { first, _ in first }
        // A key that has moved to another provider is another object: its provider is announced as constant.
        for (label, provider) in state.keys where wanted[label] != provider {
            state.keys[label] = nil
            self.withdraw(.key(label), from: &state)
        }
        for key in keys where state.keys[key.label] == nil {
            let subject = ControlSubject.key(key.label)
            try self.connection.export(KeyObject(label: key.label, service: self), at: subject.path)
            state.keys[key.label] = key.provider
            state.ledger.begin(subject, with: key.busProperties)
        }
    }

    private func apply(_ providers: [ProviderStatus], to state: inout State) throws(BusError) {
        let wanted = Set(providers.map(\.name))
        for name in state.providers.subtracting(wanted) {
            state.providers.remove(name)
            self.withdraw(.provider(name), from: &state)
        }
        for provider in providers where !state.providers.contains(provider.name) {
            let subject = ControlSubject.provider(provider.name)
            try self.connection.export(ProviderObject(name: provider.name, service: self), at: subject.path)
            state.providers.insert(provider.name)
            state.ledger.begin(subject, with: provider.busProperties)
        }
    }

    private func apply(_ clients: [ClientStatus], to state: inout State) throws(BusError) {
        let wanted = Set(clients.map(\.name))
        for name in state.clients.subtracting(wanted) {
            state.clients.remove(name)
            self.withdraw(.client(name), from: &state)
        }
        for client in clients where !state.clients.contains(client.name) {
            let subject = ControlSubject.client(client.name)
            try self.connection.export(ClientObject(name: client.name, service: self), at: subject.path)
            state.clients.insert(client.name)
            state.ledger.begin(subject, with: client.busProperties)
        }
    }

    private func withdraw(_ subject: ControlSubject, from state: inout State) {
        self.connection.unexport(subject.path)
        state.ledger.forget(subject)
        state.pacer.forget(subject)
    }

    // MARK: - Changes

    private func mark(_ subject: ControlSubject, isUsed: Bool = false) {
        let isNew = self.state.withLock { state in
            switch subject {
            case .manager: break
            case .key(let label): guard state.keys[label] != nil else { return false }
            case .provider(let name): guard state.providers.contains(name) else { return false }
            case .client(let name): guard state.clients.contains(name) else { return false }
            }
            return isUsed ? state.pacer.markUsed(subject) : state.pacer.mark(subject)
        }
        if isNew { self.wake.yield() }
    }

    private func announceChanges() async {
        for await _ in self.wakes {
            while true {
                let (ready, next) = self.state.withLock { $0.pacer.take(now: .now) }
                for subject in ready { self.announce(subject) }
                guard let next else { break }
                do {
                    try await Task.sleep(until: next, clock: .continuous)
                } catch {
                    // Cancelled.
                    return
                }
            }
        }
    }

    private func announce(_ subject: ControlSubject) {
        guard let values = self.properties(of: subject) else { return }
        let changed = self.state.withLock { $0.ledger.changes(of: subject, to: values) }
        guard !changed.isEmpty else { return }
        self.connection.propertiesChanged(at: subject.path, interface: subject.interface, changed: changed)
    }

    private func properties(of subject: ControlSubject) -> [String: BusValue]? {
        switch subject {
        case .manager: self.plane.managerStatus().busProperties
        case .key(let label): self.plane.key(label)?.busProperties
        case .provider(let name): self.plane.provider(name)?.busProperties
        case .client(let name): self.plane.client(name)?.busProperties
        }
    }
}
