import ProxyCore

/// The one table of all keys.
///
/// `docs/configuration.md` is made from it, and each key in it has tests for default, bounds, environment, wrong type
/// and misspelling that are made from it as well (K-012, T-027).
enum ConfigurationSchema {
    /// The keys of the document, lists of tables aside.
    static let document = TableSchema<Configuration>(
        Self.server + Self.serverTables + Self.auth + Self.routing + Self.upstream + Self.limits + Self.operations,
        nested: [
            .init(name: "client") { reader, place, _ in
                reader.clients += reader.readList(place, Self.client) { ClientDraft() }
            },
            .init(name: "provider") { reader, place, _ in
                reader.providers += reader.readList(place, Self.provider) { ProviderDraft() }
            },
            .init(name: "key") { reader, place, _ in
                reader.keys += reader.readList(place, Self.key) { KeyDraft() }
            },
            .init(name: "model") { reader, place, _ in
                reader.models += reader.readList(place, Self.model) { ModelDraft() }
            },
            .init(name: "prices.override") { reader, place, configuration in
                reader.readPrices(place, into: &configuration)
            },
        ]
    )

    private static let server: [Setting<Configuration>] = [
        Setting(
            "server.listen", \.server.listen, Form.listen.list(), default: #"["127.0.0.1:7878"]"#, .restart,
            "Where callers come in. `http://` is plain and for loopback only; without a scheme it is TLS if a certificate is set."
        ),
        Setting(
            "server.socket", \.server.socket, Form.socket, default: #""auto""#, .restart,
            "The Unix socket of the data plane; `auto` is `proxy.sock` in the runtime directory."),
        Setting(
            "server.admin_listen", \.server.adminListen, Form.listenOrOff, default: #""127.0.0.1:7879""#, .restart,
            "Where `/metrics`, `/healthz` and `/readyz` are served."),
        Setting(
            "server.allowed_hosts", \.server.allowedHosts, Form.allowedHost.list(),
            default: #"["localhost", "127.0.0.1", "[::1]"]"#, .live,
            "The hosts that a `Host` field may name (guard against DNS rebinding)."),
        Setting(
            "server.allowed_origins", \.server.allowedOrigins, Form.allowedOrigin.list(), default: "[]", .live,
            "The origins whose pages may call (CORS); `*` is refused."),
        Setting(
            "server.base_path", \.server.basePath, Form.basePath, default: #""/kmi-rotor/v1""#, .live,
            "Where the default provider is mounted for former users of KMI Manager; `/` is every path that no other route claims."
        ),
        Setting(
            "server.dry_run", \.server.dryRun, Form.boolean, default: "false", .live,
            "Answers with where a request would have gone instead of sending it."),
    ]

    private static let serverTables: [Setting<Configuration>] = [
        Setting(
            "server.tls.certificate", \.server.tls.certificate,
            Form.text("a path or \"credential:NAME\"").orEmpty("none"),
            default: #""""#, .live,
            "The certificate chain in PEM, the listener's own first; read again when the file changes."),
        Setting(
            "server.tls.private_key", \.server.tls.privateKey,
            Form.text("a path or \"credential:NAME\"").orEmpty("none"),
            default: #""""#, .live,
            "Its private key in PEM, not encrypted; a file that others can read is refused."),
        Setting(
            "server.tls.client_ca", \.server.tls.clientCA, Form.text("a path").orEmpty("none"), default: #""""#,
            .live, "The authorities that client certificates must chain to."),
        Setting(
            "server.tls.client_auth", \.server.tls.clientAuth,
            Form.choice(Configuration.Server.ClientAuthentication.self), default: #""off""#, .live,
            "Whether callers show a certificate: `required` refuses those without in the handshake, `optional` only bad ones."
        ),
        Setting(
            "server.tls.client_subjects", \.server.tls.clientSubjects, Form.text("a subject").list(), default: "[]",
            .live,
            "Whose certificates are let in: a whole subject (`CN=build,O=Example`), `CN=NAME`, an alternative name "
                + "(`DNS:`, `URI:`, `email:`), or the bare name; empty is any that chains to `client_ca`."),
        Setting(
            "server.timeouts.header", \.server.timeouts.header, Form.durationOrZero(), default: #""10s""#, .restart,
            "Until a request's head is complete."),
        Setting(
            "server.timeouts.body", \.server.timeouts.body, Form.durationOrZero(), default: #""60s""#, .restart,
            "Until the next piece of a request's body."),
        Setting(
            "server.timeouts.idle", \.server.timeouts.idle, Form.durationOrZero(), default: #""75s""#, .restart,
            "How long a connection without a request stays open."),
        Setting(
            "server.timeouts.drain", \.server.timeouts.drain, Form.duration(.zero), default: #""30s""#, .restart,
            "How long running requests may go on after a stop was asked for; 0 cuts them at once."),
        Setting(
            "server.limits.connections", \.server.limits.connections, Form.integer(1...1_000_000), default: "4096",
            .restart, "Connections of callers at once."),
        Setting(
            "server.limits.header_bytes", \.server.limits.headerBytes, Form.size(atLeast: 1), default: #""64KiB""#,
            .restart, "The head of a request."),
        Setting(
            "server.limits.request_body", \.server.limits.requestBody, Form.sizeLimit, default: #""32MiB""#, .live,
            "The body of a request."),
        Setting(
            "server.limits.body_memory", \.server.limits.bodyMemory, Form.sizeLimit, default: #""4MiB""#, .live,
            "What of a request's body is kept in memory; the rest goes to an unlinked file of the state directory."),
        Setting(
            "server.limits.response_body", \.server.limits.responseBody, Form.sizeLimit, default: #""256MiB""#, .live,
            "The body of an answer that is not streamed."),
    ]

    private static let auth: [Setting<Configuration>] = [
        Setting(
            "auth.require_token", \.auth.requireToken, Form.boolean, default: "true", .live,
            "Whether callers on TCP need a client token, loopback included."),
        Setting(
            "auth.same_user_socket", \.auth.sameUserSocket, Form.boolean, default: "true", .live,
            "Whether the daemon's own user needs no token on the Unix socket."),
        Setting(
            "auth.trusted_proxies", \.auth.trustedProxies, Form.addressBlock.list(), default: "[]", .live,
            "The proxies whose `Forwarded` and `X-Forwarded-For` are believed."),
        Setting(
            "auth.hmac", \.auth.hmac, Form.choice(Configuration.RequestSigning.self), default: #""off""#,
            .live,
            "Whether requests must be signed."),
    ]
}
