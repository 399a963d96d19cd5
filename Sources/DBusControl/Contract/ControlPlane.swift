/// What the daemon does for whoever steers it: the port between the exported objects and the daemon.
///
/// Reading answers at once from memory, but for the request rows. Changing answers when the change is in force for the next
/// request and committed to disk (K-013).
public protocol ControlPlane: Sendable {
    /// The daemon as a whole.
    func managerStatus() -> ManagerStatus
    /// All keys, in the order of the configuration, those added at run time behind.
    func keys() -> [KeyStatus]
    /// One key; `nil` if there is none of that label.
    func key(_ label: String) -> KeyStatus?
    /// All providers, in the order of the configuration.
    func providers() -> [ProviderStatus]
    /// One provider; `nil` if there is none of that name.
    func provider(_ name: String) -> ProviderStatus?
    /// All clients.
    func clients() -> [ClientStatus]
    /// One client; `nil` if there is none of that name.
    func client(_ name: String) -> ClientStatus?
    /// The metrics as Prometheus text 0.0.4.
    func metrics() async -> String

    /// Chooses how keys take turns.
    func setRotationMode(_ mode: String) async throws(ControlFault)
    /// Turns dry-run on or off.
    func setDryRun(_ isOn: Bool) async throws(ControlFault)
    /// Changes what a person may change of a key; `nil` leaves it as it is.
    func changeKey(_ label: String, enabled: Bool?, priority: Int32?, weight: UInt32?) async throws(ControlFault)
    /// Adds a key with the secret that `secret` holds: visible ASCII, without a line end.
    func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions
    ) async throws(ControlFault)
    /// Replaces the secret of a key that was added at run time.
    func replaceSecret(of label: String, by secret: SecretText) async throws(ControlFault)
    /// Changes what the daemon keeps a key to.
    func setLimits(of label: String, to limits: KeyLimits) async throws(ControlFault)
    /// Removes a key that was added at run time, its secret included, when the requests that it serves have ended.
    func removeKey(_ label: String) async throws(ControlFault)
    /// Adds a provider that the configuration does not name.
    func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions
    ) async throws(ControlFault)
    /// Removes a provider that was added at run time and has no keys.
    func removeProvider(_ name: String) async throws(ControlFault)
    /// Makes the next request use another key: `key`, or the next one in turn of `provider` (`nil`: the default one).
    func rotate(to key: String?, of provider: String?) async throws(ControlFault) -> Rotation
    /// Ends every rest of every key, and forgets their errors.
    ///
    /// Returns how many keys were not usable before and are now.
    func resetKeys() async throws(ControlFault) -> UInt32
    /// Ends every rest of one key, and forgets its errors.
    func resetKey(_ label: String) async throws(ControlFault)
    /// Makes a client, and its token, which nobody can ask for again.
    func createClient(_ name: String, options: ClientOptions) async throws(ControlFault) -> SecretText
    /// Ends a client that was made at run time.
    func revokeClient(_ name: String) async throws(ControlFault)
    /// Reads the configuration again.
    func reload() async throws(ControlFault) -> [ReloadEntry]
    /// What reading the configuration again would do; nothing changes by it.
    func checkConfiguration() async throws(ControlFault) -> [ReloadEntry]
    /// The configuration in force, setting by setting.
    func configuration() async throws(ControlFault) -> [ConfigurationRow]
    /// What was done to the daemon, and what it refused.
    func audit(_ filter: AuditFilter) async throws(ControlFault) -> AuditPage
    /// Makes a copy of the state that was verified; returns its path.
    func backup() async throws(ControlFault) -> String
    /// Takes no new requests from now on, and ends the daemon when those under way have ended or their time is over.
    func drain() async throws(ControlFault)
    /// Looks for what is wrong.
    func diagnose(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow]
    /// The least severe messages that are logged, in syslog's words: `debug`, `info`, `notice`, `warning`, `err`, `crit`.
    func logLevel() -> String
    /// Where messages go: `journal`, `console` or what systemd's tools call it.
    func logTarget() -> String
    /// Chooses the least severe messages that are logged until the daemon ends, or its configuration says another level.
    func setLogLevel(_ level: String) async throws(ControlFault)
    /// Requests that have ended, committed or about to be.
    func requests(_ filter: RequestFilter) async throws(ControlFault) -> RequestPage
    /// The newest request of that id, with its bodies if they were captured; `nil` if there is none.
    func request(_ id: String) async throws(ControlFault) -> RequestRow?
    /// How the requests that a filter lets through were spread over the keys; its limit and cursor do not count.
    func summary(_ filter: RequestFilter) async throws(ControlFault) -> RequestSummary
    /// What was used by those that a query names, in the order of their names; one row of nothing but zeros where all is one
    /// sum and nothing was used.
    func usage(_ query: UsageQuery) async throws(ControlFault) -> [UsageRow]
    /// The price table in force, and the price of a model if one is asked for.
    ///
    /// Fails with `notFound` if a provider is named that is not there.
    func prices(_ query: PriceQuery) async throws(ControlFault) -> PriceStatus
    /// Replaces the price table by the one that the bytes hold, for good; returns what it says of itself.
    ///
    /// Fails with `invalidArgument` if they are no price table; nothing has changed then.
    func importPrices(_ bytes: [UInt8]) async throws(ControlFault) -> PriceStatus
    /// What would become of a request for `model` (empty for one that names none), key by key, in the order in which they
    /// are considered; nothing changes by it.
    ///
    /// With ``ExplainOptions/request`` what became of that one, whose model counts then: ``ExplainRow/trail(of:)``. Fails with
    /// `notFound` if a key, provider, client or request is named that is not there.
    func explain(_ model: String, _ options: ExplainOptions) async throws(ControlFault) -> [ExplainRow]
    /// Asks providers how much is left: for one key, for the keys of one provider, or for all; answers when all have
    /// answered or failed.
    ///
    /// Returns how many keys something was learned of.
    func refreshUsage(of key: String?, provider: String?) async throws(ControlFault) -> UInt32
    /// Asks the provider now whether it takes the key, and lets that count.
    ///
    /// Returns what the key is then: its state, and behind a blank the class of the error if there is one (`usable`,
    /// `invalid provider_auth_failed`). Fails with `upstreamFailed` if the provider could not be asked or said nothing of the
    /// key.
    func probeKey(_ label: String) async throws(ControlFault) -> String
    /// Hears of a call that was not allowed: whose it was, `nil` if the bus cannot tell, and the member that was called.
    ///
    /// Never waits.
    func refused(_ caller: ControlCaller?, asking member: String)
}

extension ControlPlane {
    /// Nothing, for planes that keep no audit.
    public func refused(_ caller: ControlCaller?, asking member: String) {}
}
