public import DBusKit
import Glibc

/// The daemon, as a program on the other side of the bus sees it.
///
/// Every call has the deadline that the client was made with, and none makes the bus start the daemon unless the client was
/// made for that. A call that is
/// cancelled ends with the task; what it asked for may have happened all the same.
public struct ControlClient: Sendable {
    let connection: BusConnection
    let timeout: Duration
    /// Whether the daemon may have a person asked for permission, as on the system bus, before it answers.
    var allowsInteraction = false
    /// Whether calls make the bus start the daemon; they wait for its answer as for every other.
    var mayStart = false

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
    ///
    /// - Parameter mayStart: Whether calls make the bus start the daemon where it does not run (contract section 10).
    public static func connect(
        to bus: ControlAddress, timeout: Duration, mayStart: Bool = false
    ) async throws(ControlClientError) -> ControlClient {
        var client = try await Self.connect(bus.bus, timeout: timeout)
        // Elsewhere nobody is asked.
        client.allowsInteraction = bus == .system
        client.mayStart = mayStart
        return client
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
        try Self.keys(in: try await self.managedObjects())
    }

    /// One key; fails with `notFound` if there is none of that label.
    public func key(_ label: String) async throws(ControlClientError) -> KeyStatus {
        let properties = try await self.properties(of: KeyInterface.name, at: ControlPath.key(label))
        return try Self.reading { () throws(ControlFault) in try KeyStatus(busProperties: properties) }
    }

    /// All providers, by name.
    public func providers() async throws(ControlClientError) -> [ProviderStatus] {
        try Self.providers(in: try await self.managedObjects())
    }

    /// All clients, by name.
    public func clients() async throws(ControlClientError) -> [ClientStatus] {
        try Self.clients(in: try await self.managedObjects())
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

    /// What was done to the daemon, and what it refused, the newest first.
    public func audit(_ filter: AuditFilter) async throws(ControlClientError) -> AuditPage {
        let reply = try await self.call(.listAudit, [filter.busValue])
        return try Self.reading { () throws(ControlFault) in try AuditPage(busValues: reply) }
    }

    /// The configuration in force, setting by setting.
    public func configuration() async throws(ControlClientError) -> [ConfigurationRow] {
        let rows = try Self.one(try await self.call(.getConfig, [.variants([:])]), \.self)
        return try Self.reading { () throws(ControlFault) in try ConfigurationRow.rows(busValue: rows) }
    }

    /// The least severe messages that the daemon logs, in syslog's words.
    public func logLevel() async throws(ControlClientError) -> String {
        let properties = try await self.properties(of: LogControlInterface.name, at: LogControlInterface.path)
        guard let level = properties[LogControlInterface.Property.logLevel.rawValue]?.asString else {
            throw Self.unreadable("LogLevel")
        }
        return level
    }

    /// What is wrong with the daemon and its surroundings.
    public func diagnose(_ options: DiagnosisOptions) async throws(ControlClientError) -> [DiagnosisRow] {
        let rows = try Self.one(try await self.call(.diagnose, [options.busValue]), \.self)
        return try Self.reading { () throws(ControlFault) in try DiagnosisRow.rows(busValue: rows) }
    }

    /// The metrics as Prometheus text 0.0.4.
    public func metrics() async throws(ControlClientError) -> String {
        try Self.one(try await self.call(.metrics), \.asString)
    }
}
