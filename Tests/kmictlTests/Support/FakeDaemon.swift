import DBusControl
import Glibc
import Synchronization

@testable import kmictl

/// A daemon without a bus: it tells what the test has set, and remembers what it was asked for.
final class FakeDaemon: ControlAccess {
    struct State {
        var manager = Samples.manager
        var keys = Samples.keys
        var providers = Samples.providers
        var summary = RequestSummary(rows: [])
        var usage: [UsageRow] = []
        var usageQuery: UsageQuery?
        var prices = Samples.prices
        var priceQuery: PriceQuery?
        /// What stood in the descriptor of an import.
        var imported: String?
        var explanation = Samples.explanation
        var explainOptions: ExplainOptions?
        var probe = "usable"
        var clients = Samples.clients
        var rows = Samples.rows
        var cursor = ""
        /// Pages of requests, told before `rows` and `cursor`.
        var pages: [RequestPage] = []
        /// Answers to questions for usage instead of `usage`.
        var answerUsage: (@Sendable (UsageQuery) -> Result<[UsageRow], ControlClientError>)?
        var entries: [ReloadEntry] = []
        var metrics = "# TYPE kmi_up gauge\nkmi_up 1\n"
        /// What every call ends with, if not well.
        var failure: ControlClientError?
        /// What was asked for, in order.
        var asked: [String] = []
        var filter: RequestFilter?
        var keyOptions: KeyOptions?
        var providerOptions: ProviderOptions?
        var audit = AuditPage(rows: [], cursor: "")
        var auditFilter: AuditFilter?
        var configuration: [ConfigurationRow] = []
        var diagnosis: [DiagnosisRow] = []
        var logLevel = "notice"
        /// What a daemon is answered with that was told to end, by itself; `nil` for one that stays.
        var failureOnceDrained: ControlClientError?
        var clientOptions: ClientOptions?
        /// What making a client fails with, one after the other.
        var refusedClients: [ControlClientError] = []
        /// Whether the client whose making failed is there all the same.
        var makesRefusedClients = false
        var secret: String?
        /// What the removal of a provider ends with, if not well.
        var failureOfRemoval: ControlClientError?
        /// What every key that was added had as its secret, by label.
        var addedSecrets: [String: String] = [:]
        /// Answers to keys that are added, by label, instead of taking them.
        var refusedKeys: [String: ControlClientError] = [:]
        /// Whether somebody else takes the label of every key just before it is added.
        var losesEveryRace = false
        /// What the question for keys ends with, if not well.
        var failureOfKeys: ControlClientError?
        var limits: KeyLimits?
        /// What a removal waits for.
        var beforeRemoval: (@Sendable () async -> Void)?
        /// What a following tells before it ends.
        var followed: [RequestRow] = []
        var isClosed = false
        /// The longest wait that the connection was made with.
        var timeout: Duration?
    }

    private let state = Mutex(State())

    func with<Value: Sendable>(_ body: (inout State) -> sending Value) -> Value { self.state.withLock { body(&$0) } }

    var asked: [String] { self.with { $0.asked } }

    @discardableResult
    private func ask<Value: Sendable>(
        _ text: String, _ answer: (inout State) -> sending Value
    ) throws(ControlClientError) -> Value {
        let result = self.state.withLock { state -> Result<Value, ControlClientError> in
            state.asked.append(text)
            if let failure = state.failure { return .failure(failure) }
            return .success(answer(&state))
        }
        return try result.get()
    }

    private func needKey(_ label: String) throws(ControlClientError) {
        guard self.with({ $0.keys.contains { $0.label == label } }) else {
            throw ControlClientError(.notFound, "no key")
        }
    }

    func overview() async throws(ControlClientError) -> ControlOverview {
        try self.ask("overview") { state in
            var overview = ControlOverview()
            overview.manager = state.manager
            overview.keys = state.keys
            overview.providers = state.providers
            overview.clients = state.clients
            return overview
        }
    }

    func manager() async throws(ControlClientError) -> ManagerStatus { try self.ask("manager") { $0.manager } }
    func keys() async throws(ControlClientError) -> [KeyStatus] {
        let keys = try self.ask("keys") { $0.keys }
        if let failure = self.with({ $0.failureOfKeys }) { throw failure }
        return keys
    }
    func providers() async throws(ControlClientError) -> [ProviderStatus] { try self.ask("providers") { $0.providers } }

    func summary(_ filter: RequestFilter) async throws(ControlClientError) -> RequestSummary {
        try self.ask("summary") { state in
            state.filter = filter
            return state.summary
        }
    }

    func explain(_ model: String, _ options: ExplainOptions) async throws(ControlClientError) -> [ExplainRow] {
        if let request = options.request, !self.with({ $0.rows.contains { $0.id == request } }) {
            throw ControlClientError(.notFound, "no request")
        }
        return try self.ask("explain \(model)") { state in
            state.explainOptions = options
            return state.explanation
        }
    }

    func usage(_ query: UsageQuery) async throws(ControlClientError) -> [UsageRow] {
        let answer = try self.ask("usage") { state in
            state.usageQuery = query
            return state.answerUsage?(query) ?? .success(state.usage)
        }
        return try answer.get()
    }

    func prices(_ query: PriceQuery) async throws(ControlClientError) -> PriceStatus {
        try self.ask("prices") { state in
            state.priceQuery = query
            return state.prices
        }
    }

    func importPrices(from descriptor: CInt) async throws(ControlClientError) -> PriceStatus {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return try self.ask("import") { state in
            state.imported = text
            var status = state.prices
            status.models += 5
            status.source = "imported"
            return status
        }
    }

    func audit(_ filter: AuditFilter) async throws(ControlClientError) -> AuditPage {
        try self.ask("audit") { state in
            state.auditFilter = filter
            return state.audit
        }
    }

    func configuration() async throws(ControlClientError) -> [ConfigurationRow] {
        try self.ask("configuration") { $0.configuration }
    }

    func checkConfiguration() async throws(ControlClientError) -> [ReloadEntry] {
        try self.ask("check configuration") { $0.entries }
    }

    func diagnose(_ options: DiagnosisOptions) async throws(ControlClientError) -> [DiagnosisRow] {
        try self.ask(options.isOffline ? "diagnose offline" : "diagnose") { $0.diagnosis }
    }

    func backup() async throws(ControlClientError) -> String {
        try self.ask("backup") { _ in "/state/backups/state-20260102T030405Z.sqlite" }
    }

    func drain() async throws(ControlClientError) { try self.ask("drain") { $0.failure = $0.failureOnceDrained } }
    func logLevel() async throws(ControlClientError) -> String { try self.ask("log level") { $0.logLevel } }

    func setLogLevel(_ level: String) async throws(ControlClientError) {
        try self.ask("log level \(level)") { $0.logLevel = level }
    }

    func refreshUsage(of key: String?, provider: String?) async throws(ControlClientError) -> UInt32 {
        try self.ask("refresh \(key ?? "-") of \(provider ?? "-")") { _ in 2 }
    }

    func probeKey(_ label: String) async throws(ControlClientError) -> String {
        let result = try self.ask("probe \(label)") { $0.probe }
        try self.needKey(label)
        return result
    }

    func clients() async throws(ControlClientError) -> [ClientStatus] { try self.ask("clients") { $0.clients } }
    func metrics() async throws(ControlClientError) -> String { try self.ask("metrics") { $0.metrics } }

    func key(_ label: String) async throws(ControlClientError) -> KeyStatus {
        guard let key = try self.ask("key \(label)", { $0.keys.first { $0.label == label } }) else {
            throw ControlClientError(.notFound, "no key")
        }
        return key
    }

    func requests(_ filter: RequestFilter) async throws(ControlClientError) -> RequestPage {
        try self.ask("requests") { state in
            state.filter = filter
            guard state.pages.isEmpty else { return state.pages.removeFirst() }
            return RequestPage(rows: state.rows, cursor: state.cursor)
        }
    }

    func request(_ id: String) async throws(ControlClientError) -> RequestRow {
        guard let row = try self.ask("request \(id)", { $0.rows.first { $0.id == id } }) else {
            throw ControlClientError(.notFound, "no request")
        }
        return row
    }

    func setRotationMode(_ mode: String) async throws(ControlClientError) {
        try self.ask("mode \(mode)") { $0.manager.rotationMode = mode }
    }

    func changeKey(
        _ label: String, enabled: Bool?, priority: Int32?, weight: UInt32?
    ) async throws(ControlClientError) {
        let priority = priority.map { " priority \($0)" } ?? ""
        let weight = weight.map { " weight \($0)" } ?? ""
        try self.ask("change \(label) enabled \(enabled.map { "\($0)" } ?? "-")\(priority)\(weight)") { _ in }
        try self.needKey(label)
    }

    func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions
    ) async throws(ControlClientError) -> String {
        if let refusal = self.with({ $0.refusedKeys[label] }) {
            _ = try self.ask("add \(label) of \(provider)") { _ in }
            throw refusal
        }
        if self.with({ $0.losesEveryRace }) {
            try self.ask("add \(label) of \(provider)") { $0.keys.append(Samples.key(label, "usable")) }
            throw ControlClientError(.alreadyExists, "There is a key \"\(label)\" already.")
        }
        return try self.ask("add \(label) of \(provider)") { state in
            state.keyOptions = options
            state.secret = secret.withBytes { String(decoding: $0, as: UTF8.self) }
            state.addedSecrets[label] = state.secret
            return "/org/kmi/Proxy1/key/\(label)"
        }
    }

    func removeKey(_ label: String) async throws(ControlClientError) {
        try self.ask("remove \(label)") { _ in }
        try self.needKey(label)
        await self.with { $0.beforeRemoval }?()
    }

    func replaceSecret(of label: String, by secret: SecretText) async throws(ControlClientError) {
        try self.ask("rekey \(label)") { state in
            state.secret = secret.withBytes { String(decoding: $0, as: UTF8.self) }
        }
        try self.needKey(label)
    }

    func setLimits(of label: String, to limits: KeyLimits) async throws(ControlClientError) {
        try self.ask("limits \(label)") { $0.limits = limits }
        try self.needKey(label)
    }

    func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions
    ) async throws(ControlClientError) -> String {
        try self.ask("add provider \(name) \(kind) \(base)") { state in
            state.providerOptions = options
            return "/org/kmi/Proxy1/provider/\(name)"
        }
    }

    func removeProvider(_ name: String) async throws(ControlClientError) {
        try self.ask("remove provider \(name)") { _ in }
        if let failure = self.with({ $0.failureOfRemoval }) { throw failure }
        guard self.with({ $0.providers.contains { $0.name == name } }) else {
            throw ControlClientError(.notFound, "no provider")
        }
    }

    func rotate(to key: String?, of provider: String?) async throws(ControlClientError) -> Rotation {
        try self.ask("rotate \(key ?? "-") of \(provider ?? "-")") { _ in }
        if let key { try self.needKey(key) }
        return Rotation(key: key ?? "beta", reason: key == nil ? "next" : "requested")
    }

    func resetKeys() async throws(ControlClientError) -> UInt32 { try self.ask("reset all") { _ in 2 } }

    func resetKey(_ label: String) async throws(ControlClientError) {
        try self.ask("reset \(label)") { _ in }
        try self.needKey(label)
    }

    func createClient(_ name: String, options: ClientOptions) async throws(ControlClientError) -> SecretText {
        let refusal = try self.ask("create \(name)") { state -> ControlClientError? in
            state.clientOptions = options
            guard !state.refusedClients.isEmpty else { return nil }
            if state.makesRefusedClients {
                var client = ClientStatus()
                (client.name, client.origin) = (name, "state")
                state.clients.append(client)
            }
            return state.refusedClients.removeFirst()
        }
        if let refusal { throw refusal }
        return SecretText(bytes: Array("kmi_t0ken".utf8))
    }

    func revokeClient(_ name: String) async throws(ControlClientError) {
        try self.ask("revoke \(name)") { _ in }
        guard self.with({ $0.clients.contains { $0.name == name } }) else {
            throw ControlClientError(.notFound, "no client")
        }
    }

    func reload() async throws(ControlClientError) -> [ReloadEntry] { try self.ask("reload") { $0.entries } }

    func followRequests(
        capacity: Int, onPresence: @escaping @Sendable (ControlClient.Presence) -> Void
    ) async throws(ControlClientError) -> AsyncThrowingStream<RequestRow, any Error> {
        let rows = try self.ask("follow") { $0.followed }
        return AsyncThrowingStream { continuation in
            for row in rows { continuation.yield(row) }
            continuation.finish()
        }
    }

    func close() async { self.with { $0.isClosed = true } }
}
