import Logging
import NIOCore
import ProxyCore

/// Who a request comes from.
struct Caller {
    /// The client whose token was shown; `nil` for the daemon's own user on the Unix socket, and where no token is asked
    /// for.
    let client: Configuration.Client?

    /// Whom limits, log and metrics take the caller for.
    let identity: CallerIdentity
    /// The address that it calls from; `nil` on a Unix socket.
    let address: NumericAddress?

    /// The client's name.
    var name: ClientName? { self.client?.name }

    /// Describes a caller.
    init(client: Configuration.Client?, identity: CallerIdentity = .unknown, address: NumericAddress? = nil) {
        (self.client, self.identity, self.address) = (client, identity, address)
    }

    /// Whether the caller may use a model.
    ///
    /// `nil` is a model that cannot be told: only callers without a list may use it.
    func mayUse(_ model: ModelName?) -> Bool {
        guard let client, !client.models.isEmpty else { return true }
        return model.map(client.models.contains) ?? false
    }
}

/// What a caller asked of the proxy itself, in headers that go no further (contract section 4).
package struct RequestControls {
    /// `X-KMI-Key`: this key or none.
    var pinnedKey: KeyLabel?
    /// `X-KMI-Session`: the conversation that the request belongs to.
    var session: String?
    /// `X-KMI-Project`: what the request is accounted under.
    var project: String?
    /// `X-KMI-Priority`: how urgent the request is.
    var priority = RequestPriority.normal

    /// A name longer than this is no name.
    package static let longestName = GroupingName.longest

    /// Reads the control headers.
    init(_ headers: HeaderFields, knows isKnown: (KeyLabel) -> Bool) throws(ProxyFault) {
        if let text = headers.first("x-kmi-key") {
            guard let label = KeyLabel(text), isKnown(label) else {
                throw ProxyFault(.invalidRequest, message: "X-KMI-Key names no key.")
            }
            self.pinnedKey = label
        }
        self.session = try Self.name("X-KMI-Session", in: headers)
        self.project = try Self.name("X-KMI-Project", in: headers)
        if let text = headers.first("x-kmi-priority") {
            guard let priority = RequestPriority(rawValue: text) else {
                throw ProxyFault(.invalidRequest, message: "X-KMI-Priority must be low, normal or high.")
            }
            self.priority = priority
        }
    }

    /// Nothing asked for.
    init() {}

    private static func name(_ field: String, in headers: HeaderFields) throws(ProxyFault) -> String? {
        guard let text = headers.first(field) else { return nil }
        guard Self.isName(text) else {
            throw ProxyFault(.invalidRequest, message: "\(field) must be 1 to \(Self.longestName) ASCII characters.")
        }
        return text
    }

    /// Whether a text can name a session or a project.
    package static func isName(_ text: String) -> Bool {
        GroupingName.isValid(text)
    }
}

extension RequestFlow {
    /// The first phase: is the request meant for us, and who sends it? In the order of the contract's section 4.
    ///
    /// Returns the answer to a preflight, which needs no credential and ends the request.
    func identify() throws(ProxyFault) -> RefusalAnswer? {
        self.dialect = Dialect.ofUnrouted(target: self.head.target, headers: self.head.headers)
        let isUnixSocket = if case .unix = self.exchange.connection.transport { true } else { false }
        if !isUnixSocket { try self.snapshot.hosts.check(self.head.headers) }
        self.origin = try self.snapshot.origins.check(self.head.headers)
        if case .allowed(let origin) = self.origin,
            OriginGuard.isPreflight(method: self.head.method, headers: self.head.headers)
        {
            let answer = self.snapshot.origins.preflightAnswer(
                origin: origin, request: self.head.headers, requestID: self.requestID)
            return RefusalAnswer(head: answer, body: ByteBuffer())
        }
        self.caller = try self.authenticate()
        return nil
    }

    private func authenticate() throws(ProxyFault) -> Caller {
        switch ClientCredential.extract(from: self.head.headers) {
        case .refused(let reason):
            throw self.unauthorized("credential \(reason.rawValue)")
        case .presented(let credential):
            guard let client = self.snapshot.client(showing: credential) else {
                throw self.unauthorized("unknown token")
            }
            if let expires = client.expires, expires <= self.gateway.time.wallTime() {
                throw self.unauthorized("expired token", of: client.name)
            }
            guard client.scopes.contains(.inference) else {
                throw ProxyFault(.forbidden, message: "The token is not for inference.")
            }
            return self.caller(client)
        case .none:
            let auth = self.snapshot.configuration.auth
            if case .unix(let uid, _) = self.exchange.connection.transport {
                guard auth.sameUserSocket, uid == self.gateway.userID else { throw self.unauthorized("no token") }
                return self.caller(nil)
            }
            guard !auth.requireToken else { throw self.unauthorized("no token") }
            return self.caller(nil)
        }
    }

    private func caller(_ client: Configuration.Client?) -> Caller {
        switch self.exchange.connection.transport {
        case .unix(let userID, _):
            return Caller(client: client, identity: client.map { .client($0.name) } ?? .user(userID), address: nil)
        case .tcp(let peer):
            let address = NumericAddress(peer)
            let identity: CallerIdentity = client.map { .client($0.name) } ?? address.map { .address($0) } ?? .unknown
            return Caller(client: client, identity: identity, address: address)
        }
    }

    private func unauthorized(_ reason: String, of client: ClientName? = nil) -> ProxyFault {
        var fields: Logger.Metadata = ["event": "auth_failed", "reason": "\(reason)"]
        fields["client"] = client.map { "\($0)" }
        self.logger.notice("caller not authorised", metadata: fields)
        self.gateway.observer.refused(
            CallerIncident(
                .authenticationFailed, transport: self.exchange.connection.transport, client: client, reason: reason))
        return ProxyFault(.unauthorized)
    }

    /// The second phase: finds out where the request goes, and what the caller asks of the proxy itself.
    func chooseRoute() throws(ProxyFault) -> Destination {
        let target = try RequestTarget(parsing: self.head.target)
        let route = self.snapshot.routes.classify(method: self.head.method, target: target)
        self.dialect = route.dialect(target: target, headers: self.head.headers)
        self.controls = try RequestControls(self.head.headers) { self.gateway.dispatcher.provider(of: $0) != nil }
        switch route {
        case .methodNotAllowed:
            throw ProxyFault.methodRefused
        case .notFound:
            throw ProxyFault(.notFound)
        case .models(let request):
            return .models(request)
        case .openAI, .anthropic:
            return .forward(ForwardRoute(route: route, target: target, provider: nil, pathModel: nil))
        case .provider(let name, let rest):
            guard let name = ProviderName(name) else { throw ProxyFault(.notFound) }
            return .forward(
                ForwardRoute(route: route, target: target, provider: name, pathModel: self.pathModel(in: rest)))
        case .base(let rest):
            guard let provider = self.snapshot.configuration.defaultProvider else {
                throw ProxyFault(.noUsableKey, shouldRetry: false, keys: [])
            }
            return .forward(
                ForwardRoute(
                    route: route, target: target, provider: provider.name, pathModel: self.pathModel(in: rest)))
        }
    }

    /// Where a request leads.
    enum Destination {
        case models(Route.ModelsRequest)
        case forward(ForwardRoute)
    }

    /// The model in a path such as `/v1beta/models/NAME:generateContent`.
    private func pathModel(in rest: String) -> ModelName? {
        guard self.dialect == .gemini, let last = rest.split(separator: "/").last else { return nil }
        return last.lastIndex(of: ":").flatMap { ModelName(String(last[..<$0])) }
    }
}

extension GatewaySnapshot {
    /// The client whose token was shown.
    func client(showing credential: ClientCredential) -> Configuration.Client? {
        self.tokens.index(of: credential).flatMap { index in
            self.tokenOwners.indices.contains(index) ? self.clients[self.tokenOwners[index]] : nil
        }
    }
}
