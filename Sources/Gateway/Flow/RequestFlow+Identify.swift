import Logging
import NIOCore
import ProxyCore

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
        try self.gateway.checkCertificate(of: self.exchange.connection, self.snapshot, self.logger)
        if !isUnixSocket { try self.snapshot.hosts.check(self.head.headers) }
        self.origin = try self.snapshot.origins.check(self.head.headers)
        if case .allowed(let origin) = self.origin,
            OriginGuard.isPreflight(method: self.head.method, headers: self.head.headers)
        {
            let answer = self.snapshot.origins.preflightAnswer(
                origin: origin, request: self.head.headers, requestID: self.requestID)
            return RefusalAnswer(head: answer, body: ByteBuffer())
        }
        let policy: RoutePolicy
        switch self.located {
        case .success(let located): policy = DataRoute(located.route).policy
        case .failure: policy = DataRoute.malformed.policy
        }
        let check = self.callerCheck
        let admitted = try check.admit(to: policy)
        self.caller = admitted.caller
        if policy == .inference { self.signature = try self.openSignature(of: admitted, check) }
        return nil
    }

    /// Who is calling, looked at with what the head of the request tells.
    var callerCheck: CallerCheck {
        CallerCheck(self.gateway, self.snapshot, self.exchange.connection, self.head.headers, logger: self.logger)
    }

    /// The target of a request, and the route that it takes.
    struct Location {
        let target: RequestTarget
        let route: Route
    }

    /// Takes the target of the request apart.
    func locate() throws(ProxyFault) -> Location {
        let target = try RequestTarget(parsing: self.head.target)
        return Location(
            target: target, route: self.snapshot.routes.classify(method: self.head.method, target: target))
    }

    /// The second phase: finds out where the request goes, and what the caller asks of the proxy itself.
    func chooseRoute() throws(ProxyFault) -> Destination {
        let located = try self.located.get()
        let (target, route) = (located.target, located.route)
        self.dialect = route.dialect(target: target, headers: self.head.headers)
        switch route {
        case .methodNotAllowed: throw ProxyFault.methodRefused
        case .notFound: throw ProxyFault(.notFound)
        case .models: try self.readControls(target, isCounted: false)
        case .openAI, .anthropic, .provider, .base: try self.readControls(target, isCounted: true)
        }
        return try self.destination(of: route, target)
    }

    /// Reads what the caller asks of the proxy itself, and refuses what it may not ask for.
    private func readControls(_ target: RequestTarget, isCounted: Bool) throws(ProxyFault) {
        guard let caller, caller.mayCall(target.path) else {
            throw ProxyFault(.forbidden, message: "The token is not for this route.")
        }
        self.controls = try RequestControls(self.head.headers) { self.gateway.dispatcher.provider(of: $0) != nil }
        guard self.controls.priority < .high || caller.mayHurry else {
            throw ProxyFault(
                .forbidden, message: "X-KMI-Priority: high needs a token with the scope priority:high.")
        }
        // One that is refused is not accounted under either.
        let named = self.controls.project
        self.controls.project = nil
        self.controls.project = try caller.project(named: named, isCounted: isCounted)
    }

    private func destination(of route: Route, _ target: RequestTarget) throws(ProxyFault) -> Destination {
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
