import DBusControl
import Synchronization

/// A daemon of which nothing works but that it remembers what it was asked for.
final class FakeControlPlane: ControlPlane {
    /// What it tells, and what it was asked for.
    struct State {
        var manager = Samples.manager
        var keys: [KeyStatus] = [Samples.key]
        var providers: [ProviderStatus] = [Samples.provider]
        var clients: [ClientStatus] = [Samples.client]
        var summary = Samples.summary
        var explanation = [Samples.explained]
        var explainOptions: ExplainOptions?
        var usage = Samples.usage
        var usageQuery: UsageQuery?
        var prices = Samples.prices
        var priceQuery: PriceQuery?
        /// The bytes of the price table that was imported last.
        var imported: [UInt8] = []
        var rows: [RequestRow] = []
        var cursor = ""
        var entries: [ReloadEntry] = []
        /// What every change ends with, if not well.
        var fault: ControlFault?
        /// The token of the next client.
        var token = "kmi_token"
        /// What it was asked to change or to look for, in order.
        var asked: [String] = []
        /// The secret of the last key that was added.
        var secret: String?
        var filter: RequestFilter?
        var keyOptions: KeyOptions?
        var clientOptions: ClientOptions?
        var providerOptions: ProviderOptions?
        var configuration = [Samples.setting]
        var audit = AuditPage(rows: [Samples.audited], cursor: "next")
        var auditFilter: AuditFilter?
        var diagnosis = [Samples.diagnosed]
        var logLevel = "info"
        /// In whose name it was asked last.
        var caller: ControlCaller?
        /// Who was refused, and what they asked for.
        var refusals: [String] = []
    }

    private let state = Mutex(State())

    /// Looks at the state, or changes it.
    func with<Value: Sendable>(_ body: (inout State) -> sending Value) -> Value {
        self.state.withLock { body(&$0) }
    }

    /// What it was asked to change or to look for, in order.
    var asked: [String] { self.with { $0.asked } }

    func refused(_ caller: ControlCaller?, asking member: String) {
        self.with { $0.refusals.append("\((caller?.userID).map { "\($0)" } ?? "nobody") \(member)") }
    }

    private func note(_ text: String) throws(ControlFault) {
        let fault = self.with { state in
            state.asked.append(text)
            state.caller = ControlCaller.current
            return state.fault
        }
        if let fault { throw fault }
    }

    func managerStatus() -> ManagerStatus { self.with { $0.manager } }
    func keys() -> [KeyStatus] { self.with { $0.keys } }
    func key(_ label: String) -> KeyStatus? { self.keys().first { $0.label == label } }
    func providers() -> [ProviderStatus] { self.with { $0.providers } }
    func provider(_ name: String) -> ProviderStatus? { self.providers().first { $0.name == name } }
    func clients() -> [ClientStatus] { self.with { $0.clients } }
    func client(_ name: String) -> ClientStatus? { self.clients().first { $0.name == name } }
    func metrics() async -> String { "# TYPE kmi_up gauge\nkmi_up 1\n" }

    func setRotationMode(_ mode: String) async throws(ControlFault) {
        try self.note("mode \(mode)")
        self.with { $0.manager.rotationMode = mode }
    }

    func setDryRun(_ isOn: Bool) async throws(ControlFault) {
        try self.note("dry run \(isOn)")
        self.with { $0.manager.dryRun = isOn }
    }

    func changeKey(_ label: String, enabled: Bool?, priority: Int32?, weight: UInt32?) async throws(ControlFault) {
        let words = [enabled.map { "enabled \($0)" }, priority.map { "priority \($0)" }, weight.map { "weight \($0)" }]
        try self.note("change \(label): " + words.compactMap(\.self).joined(separator: ", "))
        self.with { state in
            guard let index = state.keys.firstIndex(where: { $0.label == label }) else { return }
            if let enabled { state.keys[index].enabled = enabled }
            if let priority { state.keys[index].priority = priority }
            if let weight { state.keys[index].weight = weight }
        }
    }

    func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions
    ) async throws(ControlFault) {
        try self.note("add \(label) of \(provider)")
        self.with { state in
            state.secret = secret.withBytes { String(decoding: $0, as: UTF8.self) }
            state.keyOptions = options
            var key = KeyStatus()
            key.label = label
            key.provider = provider
            state.keys.append(key)
        }
    }

    func removeKey(_ label: String) async throws(ControlFault) {
        try self.note("remove \(label)")
        self.with { $0.keys.removeAll { $0.label == label } }
    }

    func replaceSecret(of label: String, by secret: SecretText) async throws(ControlFault) {
        try self.note("replace secret of \(label)")
        self.with { $0.secret = secret.withBytes { String(decoding: $0, as: UTF8.self) } }
    }

    func setLimits(of label: String, to limits: KeyLimits) async throws(ControlFault) {
        try self.note("limit \(label)")
        self.with { state in
            guard let index = state.keys.firstIndex(where: { $0.label == label }) else { return }
            state.keys[index].limits = limits
        }
    }

    func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions
    ) async throws(ControlFault) {
        try self.note("add provider \(name) of \(kind) at \(base)")
        self.with { state in
            state.providerOptions = options
            var provider = ProviderStatus()
            provider.name = name
            state.providers.append(provider)
        }
    }

    func removeProvider(_ name: String) async throws(ControlFault) {
        try self.note("remove provider \(name)")
        self.with { $0.providers.removeAll { $0.name == name } }
    }

    func checkConfiguration() async throws(ControlFault) -> [ReloadEntry] {
        try self.note("check configuration")
        return self.with { $0.entries }
    }

    func configuration() async throws(ControlFault) -> [ConfigurationRow] {
        try self.note("configuration")
        return self.with { $0.configuration }
    }

    func audit(_ filter: AuditFilter) async throws(ControlFault) -> AuditPage {
        try self.note("audit")
        return self.with { state in
            state.auditFilter = filter
            return state.audit
        }
    }

    func backup() async throws(ControlFault) -> String {
        try self.note("backup")
        return "/state/backups/state.sqlite"
    }

    func drain() async throws(ControlFault) {
        try self.note("drain")
    }

    func diagnose(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow] {
        try self.note(options.isOffline ? "diagnose offline" : "diagnose")
        return self.with { $0.diagnosis }
    }

    func logLevel() -> String { self.with { $0.logLevel } }
    func logTarget() -> String { "console" }

    func setLogLevel(_ level: String) async throws(ControlFault) {
        try self.note("log level \(level)")
        self.with { $0.logLevel = level }
    }

    func rotate(to key: String?, of provider: String?) async throws(ControlFault) -> Rotation {
        try self.note("rotate to \(key ?? "any") of \(provider ?? "any")")
        return Rotation(key: key ?? "beta", reason: key == nil ? "next" : "requested")
    }

    func resetKeys() async throws(ControlFault) -> UInt32 {
        try self.note("reset all")
        return 3
    }

    func resetKey(_ label: String) async throws(ControlFault) {
        try self.note("reset \(label)")
    }

    func createClient(_ name: String, options: ClientOptions) async throws(ControlFault) -> SecretText {
        try self.note("create \(name)")
        let token = self.with { state in
            state.clientOptions = options
            var client = ClientStatus()
            client.name = name
            state.clients.append(client)
            return state.token
        }
        return SecretText(bytes: Array(token.utf8))
    }

    func revokeClient(_ name: String) async throws(ControlFault) {
        try self.note("revoke \(name)")
        self.with { $0.clients.removeAll { $0.name == name } }
    }

    func reload() async throws(ControlFault) -> [ReloadEntry] {
        try self.note("reload")
        return self.with { $0.entries }
    }

    func requests(_ filter: RequestFilter) async throws(ControlFault) -> RequestPage {
        try self.note("requests")
        return self.with { state in
            state.filter = filter
            return RequestPage(rows: Array(state.rows.prefix(Int(filter.limit))), cursor: state.cursor)
        }
    }

    func summary(_ filter: RequestFilter) async throws(ControlFault) -> RequestSummary {
        try self.note("summary")
        return self.with { state in
            state.filter = filter
            return state.summary
        }
    }

    func explain(_ model: String, _ options: ExplainOptions) async throws(ControlFault) -> [ExplainRow] {
        try self.note("explain \(model)")
        return self.with { state in
            state.explainOptions = options
            return state.explanation
        }
    }

    func usage(_ query: UsageQuery) async throws(ControlFault) -> [UsageRow] {
        try self.note("usage")
        return self.with { state in
            state.usageQuery = query
            return state.usage
        }
    }

    func prices(_ query: PriceQuery) async throws(ControlFault) -> PriceStatus {
        try self.note("prices")
        return self.with { state in
            state.priceQuery = query
            return state.prices
        }
    }

    func importPrices(_ bytes: [UInt8]) async throws(ControlFault) -> PriceStatus {
        try self.note("import")
        return self.with { state in
            state.imported = bytes
            return state.prices
        }
    }

    func refreshUsage(of key: String?, provider: String?) async throws(ControlFault) -> UInt32 {
        try self.note("refresh \(key ?? "any") of \(provider ?? "any")")
        return 2
    }

    func probeKey(_ label: String) async throws(ControlFault) -> String {
        try self.note("probe \(label)")
        return "invalid provider_auth_failed"
    }

    func request(_ id: String) async throws(ControlFault) -> RequestRow? {
        try self.note("request \(id)")
        return self.with { $0.rows.first { $0.id == id } }
    }
}
