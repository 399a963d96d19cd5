import NIOCore
public import ProxyCore

/// One configuration, made ready for the request path: immutable, and kept by a request from beginning to end, whatever is
/// reloaded meanwhile (T-015).
///
/// A class, because as a value it would be two kilobytes of every request.
public final class GatewaySnapshot: Sendable {
    let configuration: Configuration
    let routes: RouteTable
    let tokens: TokenTable
    /// The client that each entry of ``tokens`` belongs to.
    let tokenOwners: [ClientName]
    let clients: [ClientName: Configuration.Client]
    let hosts: HostGuard
    let origins: OriginGuard
    /// The callers' certificates that are let in.
    let subjects: CertificateSubjects
    let headers: HeaderPolicy
    let providers: [ProviderName: Configuration.Provider]
    let aliases: [ModelName: Configuration.ModelAlias]
    let keys: [KeyLabel: Configuration.Key]
    let secrets: [KeyLabel: Secret]
    let attemptLimits: AttemptLimits
    /// What admission decides by.
    let admission: AdmissionPolicy
    /// Takes credentials out of bodies that are kept; `nil` if none are.
    let redactor: CredentialRedactor?
    /// The generation of each key of the pool that this configuration's secrets belong to; empty until it is in force.
    let generations: [KeyLabel: UInt64]

    /// The keys that the pool is made of.
    public let poolKeys: [Configuration.Key]
    /// What the dispatcher decides by.
    public let dispatchPolicy: Dispatcher.Policy

    /// Makes a configuration ready.
    ///
    /// - Parameters:
    ///   - configuration: A validated configuration.
    ///   - keySecrets: The secret of every key that has one.
    ///   - clientTokens: The token of every client of the files.
    ///   - tokenDigests: The digest of the token of every other client, made with `installationKey`.
    ///   - installationKey: The key of the digests that tokens are known by.
    public init(
        configuration: Configuration,
        keySecrets: [KeyLabel: Secret],
        clientTokens: [ClientName: Secret],
        tokenDigests: [ClientName: [UInt8]] = [:],
        installationKey: [UInt8]
    ) {
        self.configuration = configuration
        self.generations = [:]
        self.admission = AdmissionPolicy(configuration)
        let providers = configuration.providers
        self.providers = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.routes = RouteTable(
            basePath: configuration.server.basePath, providers: providers.map(\.name.text))
        var (tokens, owners) = (TokenTable(key: installationKey), [ClientName]())
        for (name, token) in clientTokens {
            token.withBytes { tokens.append(token: $0) }
            owners.append(name)
        }
        for (name, digest) in tokenDigests where tokens.append(digest: digest) { owners.append(name) }
        (self.tokens, self.tokenOwners) = (tokens, owners)
        self.clients = Dictionary(
            configuration.clients.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.hosts = HostGuard(allowedHosts: configuration.server.allowedHosts)
        self.origins = OriginGuard(allowedOrigins: configuration.server.allowedOrigins)
        self.subjects = CertificateSubjects(configuration.server.tls.clientSubjects)
        self.headers = HeaderPolicy(forwardHeaders: configuration.upstream.forwardHeaders)
        self.aliases = Dictionary(
            configuration.models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.poolKeys = configuration.keys + Self.keylessServers(of: configuration)
        self.keys = Dictionary(self.poolKeys.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        self.secrets = keySecrets
        self.redactor =
            configuration.trace.captureBodies
            ? CredentialRedactor(secrets: Array(keySecrets.values) + Array(clientTokens.values)) : nil
        var pool = KeyPool.Policy(
            mode: configuration.rotation.mode,
            affinity: configuration.rotation.affinity,
            cooldown: configuration.cooldown
        )
        pool.includeWarn = configuration.rotation.includeWarn
        // Without a call to a provider nothing can be found out in the background.
        if !configuration.server.dryRun {
            pool.probes = Dictionary(
                providers.map { ($0.name, $0.kind.checkedStates) }, uniquingKeysWith: { first, _ in first })
        }
        self.dispatchPolicy = Dispatcher.Policy(
            pool: pool, retry: configuration.retry, breaker: configuration.breaker)
        self.attemptLimits = AttemptLimits(
            firstByte: configuration.upstream.firstByteTimeout.map(TimeAmount.init),
            idle: configuration.upstream.idleTimeout.map(TimeAmount.init),
            total: configuration.upstream.totalTimeout.map(TimeAmount.init),
            responseBody: configuration.server.limits.responseBody.map(Int64.init)
        )
    }

    /// The same configuration with other generations.
    private init(_ other: GatewaySnapshot, generations: [KeyLabel: UInt64]) {
        self.configuration = other.configuration
        self.routes = other.routes
        self.tokens = other.tokens
        self.tokenOwners = other.tokenOwners
        self.clients = other.clients
        self.hosts = other.hosts
        self.origins = other.origins
        self.subjects = other.subjects
        self.headers = other.headers
        self.providers = other.providers
        self.aliases = other.aliases
        self.keys = other.keys
        self.secrets = other.secrets
        self.attemptLimits = other.attemptLimits
        self.admission = other.admission
        self.redactor = other.redactor
        self.generations = generations
        self.poolKeys = other.poolKeys
        self.dispatchPolicy = other.dispatchPolicy
    }

    /// This configuration as it is in force, with the generations that the pool gave its keys.
    func inForce(with generations: [KeyLabel: UInt64]) -> GatewaySnapshot {
        GatewaySnapshot(self, generations: generations)
    }

    /// A local server without keys has one of its own name, so that it can be told whether it is in use (contract
    /// section 7).
    ///
    /// Nothing is sent for it: there is no secret under its label.
    private static func keylessServers(of configuration: Configuration) -> [Configuration.Key] {
        let withKeys = Set(configuration.keys.map(\.provider))
        return configuration.providers.compactMap { provider in
            guard provider.kind == .local, !withKeys.contains(provider.name) else { return nil }
            return KeyLabel(provider.name.text).map {
                Configuration.Key(label: $0, provider: provider.name, secret: .store(id: ""))
            }
        }
    }

    /// The header fields that go to the provider: the caller's allowed ones, the key's own, and the key as credential.
    func requestFields(
        from fields: HeaderFields, key: KeyLabel, provider: Configuration.Provider, joined: TargetJoining.Joined
    ) -> HeaderFields {
        let form = UpstreamCredential.form(kind: provider.kind, joined: joined)
        return self.headers.upstreamHeaders(
            from: fields,
            keyHeaders: (self.keys[key]?.headers ?? []).map { ($0.name, $0.value) },
            credential: self.secrets[key]?.withText { form.field(key: $0) }
        )
    }
}

extension TimeAmount {
    /// The same time in the event loop's terms.
    init(_ duration: Duration) {
        self = .nanoseconds(duration.nanoseconds)
    }
}
