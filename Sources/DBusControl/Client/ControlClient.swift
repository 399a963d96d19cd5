public import DBusKit
import Glibc

/// The daemon, as a program on the other side of the bus sees it.
///
/// Every call has the deadline that the client was made with, and none makes the bus start the daemon. A call that is
/// cancelled ends with the task; what it asked for may have happened all the same.
public struct ControlClient: Sendable {
    let connection: BusConnection
    let timeout: Duration

    /// Connects to a bus.
    ///
    /// Whether the daemon is there shows with the first call. Fails with `unreachable`, `accessDenied` or `timedOut`.
    public static func connect(
        _ bus: BusAddress, timeout: Duration
    ) async throws(ControlClientError) -> ControlClient {
        do throws(BusError) {
            return ControlClient(connection: try await BusConnection.open(bus, timeout: timeout), timeout: timeout)
        } catch {
            throw ControlClientError(error)
        }
    }

    /// Connects to a bus, for programs that know nothing of D-Bus.
    public static func connect(
        to bus: ControlAddress, timeout: Duration
    ) async throws(ControlClientError) -> ControlClient {
        try await Self.connect(bus.bus, timeout: timeout)
    }

    /// Ends the connection; calls that are under way fail.
    public func close() async {
        await self.connection.close()
    }
}

// MARK: - Reading

extension ControlClient {
    /// The daemon as a whole.
    public func manager() async throws(ControlClientError) -> ManagerStatus {
        let properties = try await self.properties(of: ManagerInterface.name, at: ControlPath.manager)
        return try Self.reading { () throws(ControlFault) in try ManagerStatus(busProperties: properties) }
    }

    /// All keys, by label.
    public func keys() async throws(ControlClientError) -> [KeyStatus] {
        try await self.objects(KeyInterface.name) { (path, properties) throws(ControlFault) in
            ControlPath.keyLabel(of: path) == nil ? nil : try KeyStatus(busProperties: properties)
        }
        .sorted { $0.label < $1.label }
    }

    /// One key; fails with `notFound` if there is none of that label.
    public func key(_ label: String) async throws(ControlClientError) -> KeyStatus {
        let properties = try await self.properties(of: KeyInterface.name, at: ControlPath.key(label))
        return try Self.reading { () throws(ControlFault) in try KeyStatus(busProperties: properties) }
    }

    /// All providers, by name.
    public func providers() async throws(ControlClientError) -> [ProviderStatus] {
        try await self.objects(ProviderInterface.name) { (path, properties) throws(ControlFault) in
            ControlPath.providerName(of: path) == nil ? nil : try ProviderStatus(busProperties: properties)
        }
        .sorted { $0.name < $1.name }
    }

    /// All clients, by name.
    public func clients() async throws(ControlClientError) -> [ClientStatus] {
        try await self.objects(ClientInterface.name) { (path, properties) throws(ControlFault) in
            ControlPath.clientName(of: path) == nil ? nil : try ClientStatus(busProperties: properties)
        }
        .sorted { $0.name < $1.name }
    }

    /// A page of requests that have ended, the newest first.
    public func requests(_ filter: RequestFilter) async throws(ControlClientError) -> RequestPage {
        let reply = try await self.call(.listRequests, [filter.busValue])
        return try Self.reading { () throws(ControlFault) in try RequestPage(busValues: reply) }
    }

    /// The newest request of that id; fails with `notFound` if there is none.
    public func request(_ id: String) async throws(ControlClientError) -> RequestRow {
        let row = try Self.one(try await self.call(.getRequest, [.text(id)]), \.self)
        return try Self.reading { () throws(ControlFault) in try RequestRow(busValue: row) }
    }

    /// How the requests that a filter lets through were spread over the keys; its limit and cursor do not count.
    public func summary(_ filter: RequestFilter) async throws(ControlClientError) -> RequestSummary {
        let rows = try Self.one(try await self.call(.summarizeRequests, [filter.summaryBusValue]), \.self)
        return try Self.reading { () throws(ControlFault) in try RequestSummary(busValue: rows) }
    }

    /// What would become of a request for a model, or became of a past one, key by key.
    public func explain(
        _ model: String, _ options: ExplainOptions
    ) async throws(ControlClientError) -> [ExplainRow] {
        let rows = try Self.one(try await self.call(.explainRoute, [.text(model), options.busValue]), \.self)
        return try Self.reading { () throws(ControlFault) in try ExplainRow.rows(busValue: rows) }
    }

    /// What was used by those that a query names, in the order of their names.
    public func usage(_ query: UsageQuery) async throws(ControlClientError) -> [UsageRow] {
        let rows = try Self.one(try await self.call(.getUsage, [query.busValue]), \.self)
        return try Self.reading { () throws(ControlFault) in try UsageRow.rows(busValue: rows) }
    }

    /// The price table in force, and the price of a model if one is asked for.
    public func prices(_ query: PriceQuery) async throws(ControlClientError) -> PriceStatus {
        let status = try Self.one(try await self.call(.getPrices, [query.busValue]), \.self)
        return try Self.reading { () throws(ControlFault) in try PriceStatus(busValue: status) }
    }

    /// The metrics as Prometheus text 0.0.4.
    public func metrics() async throws(ControlClientError) -> String {
        try Self.one(try await self.call(.metrics), \.asString)
    }
}

// MARK: - Changing

extension ControlClient {
    /// Chooses how keys take turns.
    public func setRotationMode(_ mode: String) async throws(ControlClientError) {
        try await self.set(
            ManagerInterface.Property.rotationMode, .text(mode), ManagerInterface.name, ControlPath.manager)
    }

    /// Turns dry-run on or off.
    public func setDryRun(_ isOn: Bool) async throws(ControlClientError) {
        try await self.set(ManagerInterface.Property.dryRun, .boolean(isOn), ManagerInterface.name, ControlPath.manager)
    }

    /// Changes what a person may change of a key; `nil` leaves it as it is.
    ///
    /// Each value is a change of its own: where the second one is refused, the first one has happened.
    public func changeKey(
        _ label: String, enabled: Bool? = nil, priority: Int32? = nil, weight: UInt32? = nil
    ) async throws(ControlClientError) {
        let changes: [(KeyInterface.Property, BusValue?)] = [
            (.enabled, enabled.map { .boolean($0) }), (.priority, priority.map { .int32($0) }),
            (.weight, weight.map { .uint32($0) }),
        ]
        for case (let property, let value?) in changes {
            try await self.set(property, value, KeyInterface.name, ControlPath.key(label))
        }
    }

    /// Adds a key; its secret travels in a pipe and never in a message (contract section 9).
    ///
    /// Returns the path of its object.
    @discardableResult
    public func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions = KeyOptions()
    ) async throws(ControlClientError) -> String {
        let descriptor = try SecretPipe.holding(secret)
        let arguments: [BusValue] = [.text(label), .text(provider), .descriptor(descriptor), options.busValue]
        return try Self.one(try await self.call(.addKey, arguments), \.asPath).text
    }

    /// Removes a key that was added at run time, its secret included.
    public func removeKey(_ label: String) async throws(ControlClientError) {
        _ = try await self.call(.removeKey, [.text(label)])
    }

    /// Makes the next request use another key: `key`, or the next one in turn of `provider` (`nil`: the default one).
    public func rotate(
        to key: String? = nil, of provider: String? = nil
    ) async throws(ControlClientError) -> Rotation {
        var options = KeySelectionOptions()
        options.key = key
        options.provider = provider
        let reply = try await self.call(.rotate, [options.busValue])
        guard reply.count == 2, let key = reply[0].asString, let reason = reply[1].asString else {
            throw Self.unreadable(.rotate)
        }
        return Rotation(key: key, reason: reason)
    }

    /// Ends every rest of every key, and forgets their errors.
    ///
    /// Returns how many keys were not usable before and are now.
    public func resetKeys() async throws(ControlClientError) -> UInt32 {
        try Self.one(try await self.call(.resetKeys), \.asUInt32)
    }

    /// Ends every rest of one key, and forgets its errors.
    public func resetKey(_ label: String) async throws(ControlClientError) {
        _ = try await self.send(ControlPath.key(label), KeyInterface.name, KeyInterface.Method.reset.member, [])
    }

    /// Asks the provider now whether it takes the key; returns its state then, and behind a blank the class of the error.
    public func probeKey(_ label: String) async throws(ControlClientError) -> String {
        let reply = try await self.send(
            ControlPath.key(label), KeyInterface.name, KeyInterface.Method.probe.member, [])
        return try Self.one(reply, \.asString)
    }

    /// Asks providers how much is left, for one key, those of one provider, or all.
    ///
    /// Returns how many keys something was learned of.
    public func refreshUsage(of key: String?, provider: String?) async throws(ControlClientError) -> UInt32 {
        var options = KeySelectionOptions()
        options.key = key
        options.provider = provider
        return try Self.one(try await self.call(.refreshUsage, [options.busValue]), \.asUInt32)
    }

    /// Makes a client, and its token, which nobody can ask for again and which never stands in a message.
    public func createClient(
        _ name: String, options: ClientOptions = ClientOptions()
    ) async throws(ControlClientError) -> SecretText {
        let reply = try await self.call(.createClient, [.text(name), options.busValue])
        guard reply.count == 2, reply[0].asPath != nil, let token = reply[1].asDescriptor else {
            throw Self.unreadable(.createClient)
        }
        return try await Self.token(from: token)
    }

    /// Ends a client that was made at run time.
    public func revokeClient(_ name: String) async throws(ControlClientError) {
        _ = try await self.call(.revokeClient, [.text(name)])
    }

    /// Replaces the price table by the one that the daemon reads from a descriptor of this process, which stays open here.
    ///
    /// Fails with `invalidArgument` if it holds no price table or cannot be read, and with `busy` without descriptors.
    public func importPrices(from descriptor: CInt) async throws(ControlClientError) -> PriceStatus {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else {
            let reason = String(cString: strerror(errno))
            throw ControlClientError(.busy, "no descriptor to pass the file with: \(reason)")
        }
        let reply = try await self.call(.importPrices, [.descriptor(OwnedDescriptor(owning: copy))])
        let status = try Self.one(reply, \.self)
        return try Self.reading { () throws(ControlFault) in try PriceStatus(busValue: status) }
    }

    /// Lets the daemon read its configuration again; fails with `invalidConfig` and every problem.
    public func reload() async throws(ControlClientError) -> [ReloadEntry] {
        let entries = try Self.one(try await self.call(.reload), \.self)
        return try Self.reading { () throws(ControlFault) in try ReloadEntry.entries(busValue: entries) }
    }
}
