public import Logging
public import Metrics
import NIOCore
public import ProxyCore
import Synchronization

/// The data plane: answers every request of the callers' listeners, and owns what its requests share.
public final class Gateway: Responder {
    /// Decides which key serves a request, and knows how keys and providers fare.
    public let dispatcher: SharedDispatcher
    let transport: any UpstreamTransport
    let metrics: ProxyMetrics
    let time: any TimeSource
    let spool: BodySpool?
    let gate: AdmissionGate
    /// Refuses new requests while memory is short.
    public let pressure: MemoryPressureGauge
    let priorities: PriorityCounters
    let catalogue: ModelListCache
    let logger: Logger
    /// How often keys and clients have been used.
    public let counts: SharedUsageCounts
    let observer: any GatewayObserver
    /// The daemon's own user, who needs no token on the Unix socket.
    let userID: UInt32
    let recoveryTimer = Mutex<KeyRecoveryTimer?>(nil)
    let checks = Mutex<KeyChecks?>(nil)
    let unmatched = Mutex(UnmatchedErrors())
    let priceList: Mutex<PriceList>
    /// Who is not asked for usage in streams, because it was refused once.
    let usageAskRefusals = Mutex<Set<UsageAskRefusal>>([])
    let captures = CaptureQueue()
    /// Which signed requests have been.
    let nonces = SharedNonces()
    /// Which refusals the log was told of lately.
    let refusals = Mutex(RefusalNotices())
    /// Looks into answers that come compressed.
    let decoders: (any SideDecoders)?
    /// Who waits for the last request of a key.
    let ends = KeyEnds()
    /// Held by the one who tells the observer of keys.
    let telling = Mutex<Void>(())
    private let current: Mutex<GatewaySnapshot>

    /// Makes a gateway.
    ///
    /// - Parameters:
    ///   - snapshot: The configuration to begin with.
    ///   - transport: Carries requests to providers.
    ///   - metrics: Counts.
    ///   - time: Tells the time.
    ///   - spool: Takes the long part of request bodies; without one, bodies over `body_memory` are not repeated.
    ///   - userID: The user id whose processes may use the Unix socket without a token.
    ///   - logger: Hears of requests.
    ///   - counts: How often keys and clients were used before.
    ///   - observer: Hears of requests and keys.
    ///   - prices: What usage is priced by.
    ///   - decoders: Looks into answers that come compressed; without it their usage stays unknown.
    public init(
        snapshot: GatewaySnapshot,
        transport: any UpstreamTransport,
        metrics: ProxyMetrics,
        time: any TimeSource,
        spool: BodySpool?,
        userID: UInt32,
        logger: Logger,
        counts: UsageCounts,
        observer: any GatewayObserver,
        prices: PriceList,
        decoders: (any SideDecoders)? = nil
    ) {
        var random = SystemRandomNumberGenerator()
        let dispatcher = Dispatcher(keys: snapshot.poolKeys, policy: snapshot.dispatchPolicy, seed: random.next())
        self.dispatcher = SharedDispatcher(dispatcher)
        self.transport = transport
        self.metrics = metrics
        self.time = time
        self.spool = spool
        self.userID = userID
        self.logger = logger
        self.counts = SharedUsageCounts(counts)
        self.observer = observer
        self.priceList = Mutex(prices)
        self.decoders = decoders
        // Keys that are gone come last: past the bound of the family they share a series, the others do not.
        for isPresent in [true, false] {
            for (id, use) in counts.keys where (snapshot.keys[id.label]?.provider == id.provider) == isPresent {
                for (outcome, count) in use.outcomes {
                    metrics.keyRequests.with(id.label.text, id.provider.text, outcome).increment(by: count)
                }
            }
        }
        metrics.showStages()
        self.gate = AdmissionGate(snapshot.admission)
        self.priorities = PriorityCounters(metrics)
        self.pressure = MemoryPressureGauge(threshold: snapshot.configuration.limits.memoryPressure)
        self.catalogue = ModelListCache()
        self.current = Mutex(snapshot.inForce(with: dispatcher.pool.generations))
    }

    /// The configuration that new requests begin with.
    public var snapshot: GatewaySnapshot {
        self.current.withLock { $0 }
    }

    /// Puts a new configuration in force for requests that begin from now on.
    public func apply(_ snapshot: GatewaySnapshot) {
        let former = self.snapshot
        self.dispatcher.reconfigure(
            to: snapshot, since: former, at: self.moment
        ) { generations in
            self.current.withLock { $0 = snapshot.inForce(with: generations) }
        }
        self.gate.reconfigure(snapshot.admission, at: self.time.now())
        self.pressure.configure(threshold: snapshot.configuration.limits.memoryPressure)
        // What the providers list depends on where they are and on whose key asks, on nothing else.
        if former.configuration.providers != snapshot.configuration.providers || former.secrets != snapshot.secrets {
            self.catalogue.forget()
        }
        // Another address may be that of a server which takes the question.
        if former.configuration.providers != snapshot.configuration.providers {
            self.usageAskRefusals.withLock { $0 = [] }
        }
        self.wakeChecks()
        self.tellNews()
    }

    /// The providers of the configuration in force, in its order.
    public var providers: [ProviderName] { self.snapshot.configuration.providers.map(\.name) }

    /// Requests that wait for admission right now.
    public var queuedRequests: Int { self.gate.occupancy.waiting }

    /// Requests that have been admitted and are not over.
    public var requestsInFlight: Int { self.gate.occupancy.inside }

    /// How admission stands, for the metrics.
    public var admissionStatistics: AdmissionStatistics { self.gate.statistics(at: self.time.now()) }

    /// Begins the life of a request.
    public func respond(to head: RequestHead, on exchange: any Exchange) -> any ExchangeHandler {
        let flow = RequestFlow(gateway: self, head: head, exchange: exchange)
        flow.begin()
        return flow
    }

    /// The answer to a request that the listener refuses by itself, in the dialect that its target suggests.
    public func refusal(_ reason: ListenerRefusal, head: RequestHead?) -> RefusalAnswer {
        let fault = ProxyFault(refusal: reason)
        let dialect = head.map { Dialect.ofUnrouted(target: $0.target, headers: $0.headers) } ?? .openai
        self.metrics.rejected.with(fault.code.rawValue).increment()
        if let failure = RequestStage.Failure(fault.code) { self.metrics.count(.receive, failure) }
        // Without a head nobody can tell the dialect, although the answer has to be in one.
        let counted = head == nil ? Dialect.other : dialect
        self.metrics.requests(dialect: counted.rawValue, provider: "", code: fault.status).increment()
        let requestID = head.flatMap { RequestID.given(by: $0.headers) } ?? self.makeRequestID()
        // Nobody but the log knows more of it (T-017).
        self.logger.info(
            "request refused before it was read",
            metadata: [
                "event": "request_refused", "request_id": "\(requestID)", "status": "\(fault.status)",
                "code": "\(fault.code.rawValue)", "reason": "\(reason)",
            ])
        return fault.refusalAnswer(in: dialect, requestID: requestID)
    }

    /// The present time on both clocks.
    var moment: Moment { Moment(instant: self.time.now(), wallTime: self.time.wallTime()) }

    /// A request id that nobody else has.
    func makeRequestID() -> String {
        var random = SystemRandomNumberGenerator()
        return RequestID.make(at: self.time.wallTime(), random: random.next())
    }
}
