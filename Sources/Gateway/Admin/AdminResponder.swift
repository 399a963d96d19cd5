import Logging
public import Metrics
import NIOCore
public import ProxyCore

/// Answers the admin listener: `/metrics`, `/healthz` and `/readyz`, read-only, behind the same guards as the data plane
/// (contract section 6).
public final class AdminResponder: Responder {
    private let gateway: Gateway
    private let metrics: ProxyMetrics
    private let readiness: @Sendable () -> [ReadinessCheck]

    /// Makes a responder.
    ///
    /// - Parameters:
    ///   - gateway: Lends its guards, and its keys to the readiness.
    ///   - metrics: What `/metrics` shows.
    ///   - readiness: Looks at what the gateway cannot see; called on an event loop, so it must not wait.
    public init(
        gateway: Gateway, metrics: ProxyMetrics, readiness: @escaping @Sendable () -> [ReadinessCheck]
    ) {
        self.gateway = gateway
        self.metrics = metrics
        self.readiness = readiness
    }

    /// Answers at once.
    public func respond(to head: RequestHead, on exchange: any Exchange) -> any ExchangeHandler {
        let requestID = RequestID.given(by: head.headers) ?? self.gateway.makeRequestID()
        var logger = self.gateway.logger
        logger[metadataKey: "request_id"] = "\(requestID)"
        var answer: RefusalAnswer
        do throws(ProxyFault) {
            answer = try self.answer(to: head, on: exchange.connection, logger: logger)
        } catch {
            Self.tell(error, of: logger)
            answer = error.refusalAnswer(in: .openai, requestID: requestID)
        }
        answer.head.headers.replace(name: "X-Request-Id", value: requestID)
        answer.head.headers.replace(name: "Content-Length", value: String(answer.body.readableBytes))
        exchange.writeHead(answer.head)
        if answer.body.readableBytes > 0 { exchange.write(answer.body) }
        exchange.finish(trailers: nil)
        return AnsweredExchange()
    }

    /// The answer to a request that the listener refuses by itself.
    public func refusal(_ reason: ListenerRefusal, head: RequestHead?) -> RefusalAnswer {
        let fault = ProxyFault(refusal: reason)
        let requestID = head.flatMap { RequestID.given(by: $0.headers) } ?? self.gateway.makeRequestID()
        var logger = self.gateway.logger
        logger[metadataKey: "request_id"] = "\(requestID)"
        Self.tell(fault, of: logger)
        return fault.refusalAnswer(in: .openai, requestID: requestID)
    }

    /// Whoever is refused finds the detail in the log, by the request's id (T-017).
    private static func tell(_ fault: ProxyFault, of logger: Logger) {
        logger.info(
            "request to the admin listener refused",
            metadata: ["event": "admin_refused", "status": "\(fault.status)", "code": "\(fault.code.rawValue)"])
    }

    private func answer(
        to head: RequestHead, on connection: ConnectionInfo, logger: Logger
    ) throws(ProxyFault) -> RefusalAnswer {
        let snapshot = self.gateway.snapshot
        try self.gateway.checkCertificate(of: connection, snapshot, logger)
        if case .tcp = connection.transport { try snapshot.hosts.check(head.headers) }
        let origin = try snapshot.origins.check(head.headers)
        let target = Result { () throws(ProxyFault) in try RequestTarget(parsing: head.target) }
        let route: AdminRoute
        switch target {
        case .success(let target): route = AdminRoute(path: target.path)
        case .failure: route = .nowhere
        }
        try self.admit(head, on: connection, to: route.policy, logger: logger)
        guard head.method == "GET" || head.method == "HEAD" else {
            throw ProxyFault(.methodNotAllowed, allowedMethods: ["GET", "HEAD"])
        }
        _ = try target.get()
        var answer: RefusalAnswer
        switch route {
        case .metrics: answer = self.metricsAnswer(accept: head.headers.all("accept").joined(separator: ","))
        case .health: answer = Self.json(status: 200, body: #"{"status":"ok"}"#)
        case .readiness: answer = self.readinessAnswer()
        case .nowhere: throw ProxyFault(.notFound, message: "There are /metrics, /healthz and /readyz here.")
        }
        snapshot.origins.decorate(&answer.head.headers, verdict: origin)
        return answer
    }

    /// Refuses a caller who may not call a route.
    ///
    /// Requests of this listener are never signed: there is no body here, and what collects metrics cannot sign.
    private func admit(
        _ head: RequestHead, on connection: ConnectionInfo, to policy: RoutePolicy, logger: Logger
    ) throws(ProxyFault) {
        _ = try CallerCheck(self.gateway, self.gateway.snapshot, connection, head.headers, logger: logger)
            .admit(to: policy)
    }

    private func metricsAnswer(accept: String) -> RefusalAnswer {
        let format = ExpositionFormat.negotiate(accept: accept.isEmpty ? nil : accept)
        var bytes: [UInt8] = []
        self.metrics.registry.render(format, into: &bytes)
        return RefusalAnswer(
            head: ResponseHead(status: 200, headers: ["Content-Type": format.contentType]),
            body: ByteBuffer(bytes: bytes)
        )
    }

    private func readinessAnswer() -> RefusalAnswer {
        let checks = self.readiness() + [self.gateway.keyReadiness, self.gateway.breakerReadiness]
        let isReady = checks.allSatisfy(\.isPassed)
        let isServing = checks.allSatisfy { $0.isPassed || !$0.isVital }
        var json = JSONWriter(reservingCapacity: 256)
        json.raw(#"{"status":"#)
        json.string(isReady ? "ready" : isServing ? "degraded" : "not_ready")
        json.raw(#","checks":{"#)
        for (index, check) in checks.sorted(by: { $0.name < $1.name }).enumerated() {
            if index > 0 { json.raw(",") }
            json.string(check.name)
            json.raw(":")
            json.string(check.isPassed ? "ok" : "failed")
        }
        json.raw("}}")
        return Self.json(status: isReady ? 200 : 503, body: String(decoding: json.bytes, as: UTF8.self))
    }

    private static func json(status: Int, body: String) -> RefusalAnswer {
        RefusalAnswer(
            head: ResponseHead(status: status, headers: ["Content-Type": "application/json"]),
            body: ByteBuffer(string: body)
        )
    }
}

/// One thing that has to be in order for the daemon to be ready.
public struct ReadinessCheck: Sendable, Equatable {
    /// What was looked at, in a word; no key names and no paths.
    public let name: String
    /// Whether it is in order.
    public let isPassed: Bool
    /// Whether requests cannot be served without it; else the daemon is `degraded` where it fails.
    public let isVital: Bool

    /// Makes a check.
    public init(name: String, isPassed: Bool, isVital: Bool = true) {
        self.name = name
        self.isPassed = isPassed
        self.isVital = isVital
    }
}

/// What is left of a request that was answered at once: nothing more to do.
private final class AnsweredExchange: ExchangeHandler {
    func exchangeReceived(body: ByteBuffer) {}
    func exchangeReceivedEnd() {}
    func exchangeBecameWritable() {}
    func exchangeClosed(byCaller: Bool) {}
}

extension Gateway {
    /// Whether not every provider that has keys is left alone because it keeps failing (T-018).
    var breakerReadiness: ReadinessCheck {
        let now = self.time.now()
        let providers = Set(self.dispatcher.snapshots(at: now).map(\.provider))
        let isAnyAsked = providers.contains { self.dispatcher.standing(of: $0, at: now).breaker != .open }
        return ReadinessCheck(name: "breakers", isPassed: providers.isEmpty || isAnyAsked)
    }

    /// Whether any key can be used now.
    var keyReadiness: ReadinessCheck {
        let keys = self.dispatcher.snapshots(at: self.time.now())
        return ReadinessCheck(name: "keys", isPassed: keys.contains { $0.state == .usable })
    }
}
