import DBusControl

/// What the commands ask of the daemon; ``ControlClient`` says what each call does.
protocol ControlAccess: Sendable {
    func overview() async throws(ControlClientError) -> ControlOverview
    func manager() async throws(ControlClientError) -> ManagerStatus
    func keys() async throws(ControlClientError) -> [KeyStatus]
    func key(_ label: String) async throws(ControlClientError) -> KeyStatus
    func providers() async throws(ControlClientError) -> [ProviderStatus]
    func clients() async throws(ControlClientError) -> [ClientStatus]
    func requests(_ filter: RequestFilter) async throws(ControlClientError) -> RequestPage
    func request(_ id: String) async throws(ControlClientError) -> RequestRow
    func summary(_ filter: RequestFilter) async throws(ControlClientError) -> RequestSummary
    func usage(_ query: UsageQuery) async throws(ControlClientError) -> [UsageRow]
    func prices(_ query: PriceQuery) async throws(ControlClientError) -> PriceStatus
    func importPrices(from descriptor: CInt) async throws(ControlClientError) -> PriceStatus
    func explain(_ model: String, _ options: ExplainOptions) async throws(ControlClientError) -> [ExplainRow]
    func refreshUsage(of key: String?, provider: String?) async throws(ControlClientError) -> UInt32
    func probeKey(_ label: String) async throws(ControlClientError) -> String
    func audit(_ filter: AuditFilter) async throws(ControlClientError) -> AuditPage
    func configuration() async throws(ControlClientError) -> [ConfigurationRow]
    func checkConfiguration() async throws(ControlClientError) -> [ReloadEntry]
    func diagnose(_ options: DiagnosisOptions) async throws(ControlClientError) -> [DiagnosisRow]
    func backup() async throws(ControlClientError) -> String
    func drain() async throws(ControlClientError)
    func logLevel() async throws(ControlClientError) -> String
    func setLogLevel(_ level: String) async throws(ControlClientError)
    func metrics() async throws(ControlClientError) -> String
    func setRotationMode(_ mode: String) async throws(ControlClientError)
    func changeKey(
        _ label: String, enabled: Bool?, priority: Int32?, weight: UInt32?
    ) async throws(ControlClientError)
    func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions
    ) async throws(ControlClientError) -> String
    func replaceSecret(of label: String, by secret: SecretText) async throws(ControlClientError)
    func setLimits(of label: String, to limits: KeyLimits) async throws(ControlClientError)
    func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions
    ) async throws(ControlClientError) -> String
    func removeProvider(_ name: String) async throws(ControlClientError)
    func removeKey(_ label: String) async throws(ControlClientError)
    func rotate(to key: String?, of provider: String?) async throws(ControlClientError) -> Rotation
    func resetKeys() async throws(ControlClientError) -> UInt32
    func resetKey(_ label: String) async throws(ControlClientError)
    func createClient(_ name: String, options: ClientOptions) async throws(ControlClientError) -> SecretText
    func revokeClient(_ name: String) async throws(ControlClientError)
    func reload() async throws(ControlClientError) -> [ReloadEntry]
    func followRequests(
        capacity: Int, onPresence: @escaping @Sendable (ControlClient.Presence) -> Void
    ) async throws(ControlClientError) -> AsyncThrowingStream<RequestRow, any Error>
    func close() async
}

extension ControlClient: ControlAccess {}

extension ControlAccess {
    /// Runs something that names a key; if there is none of that label, the error says which one may be meant.
    func naming<Value>(key label: String, _ body: () async throws(ControlClientError) -> Value) async throws -> Value {
        do throws(ControlClientError) {
            return try await body()
        } catch {
            guard error.code == .notFound else { throw error }
            let suggestion = Suggestion.phrase(for: label, among: await self.labels())
            throw CommandFailure(
                .notFound, code: error.code.rawValue, "there is no key \(SafeText.line(label))." + suggestion)
        }
    }

    /// Runs something that names a client, likewise.
    func naming<Value>(client name: String, _ body: () async throws(ControlClientError) -> Value) async throws -> Value
    {
        do throws(ControlClientError) {
            return try await body()
        } catch {
            guard error.code == .notFound else { throw error }
            let suggestion = Suggestion.phrase(for: name, among: await self.names())
            throw CommandFailure(.notFound, code: error.code.rawValue, "there is no client \(name)." + suggestion)
        }
    }

    /// Runs something that names a provider, likewise.
    func naming<Value>(
        provider name: String, _ body: () async throws(ControlClientError) -> Value
    ) async throws -> Value {
        do throws(ControlClientError) {
            return try await body()
        } catch {
            guard error.code == .notFound else { throw error }
            let suggestion = Suggestion.phrase(for: name, among: await self.providerNames())
            throw CommandFailure(
                .notFound, code: error.code.rawValue, "there is no provider \(SafeText.line(name))." + suggestion)
        }
    }

    // A suggestion is a courtesy: where the lists cannot be had, the error stands without one.

    private func labels() async -> [String] {
        do { return try await self.keys().map(\.label) } catch { return [] }
    }

    private func providerNames() async -> [String] {
        do { return try await self.providers().map(\.name) } catch { return [] }
    }

    private func names() async -> [String] {
        do { return try await self.clients().map(\.name) } catch { return [] }
    }
}
