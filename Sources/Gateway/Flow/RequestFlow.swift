import Logging
import Metrics
import NIOCore
import ProxyCore

/// The life of one request, in named phases: identify → route → admit → receive → choose a key → forward → account.
///
/// Bound to the exchange's event loop. Each phase is an extension in a file of its own; what a phase decides by are
/// pure values of `ProxyCore`.
final class RequestFlow: ExchangeHandler {
    /// Where the request is in its life.
    enum Phase {
        case beginning
        /// It waits for a place.
        case queued(UInt64)
        /// The body is received, whole, before anything can be decided.
        case receiving
        /// A list of models is fetched.
        case listing
        /// An attempt is running; nothing of an answer has been sent.
        case attempting
        /// An attempt has failed, and the next one begins a little later.
        case waiting
        /// An answer is being sent.
        case answering
        /// Nothing more will happen.
        case over
    }

    let gateway: Gateway
    /// The configuration that the request began with, and keeps.
    let snapshot: GatewaySnapshot
    let exchange: any Exchange
    let head: RequestHead
    let received: Instant
    let requestID: String
    var logger: Logger

    var phase = Phase.beginning
    var dialect = Dialect.other
    var caller: Caller?
    /// Where the request is sent; a fault if its target cannot be read.
    private(set) lazy var located = Result { () throws(ProxyFault) in try self.locate() }
    /// The signature of the request, until it is confirmed; `nil` where none is asked for.
    var signature: OpenSignature?
    /// The nonce of the request, as long as nothing has been done for it.
    var nonce: UsedNonce?
    var controls = RequestControls()
    var origin = OriginGuard.Verdict.noOrigin
    /// What it holds as long as it is in.
    var ticket: AdmissionTicket?
    var queueTimer: Scheduled<Void>?

    var body: KeptBody?
    /// Whether an attempt ended early on which a provider may have worked.
    var hasSpentUntold = false
    /// When all of ``body`` had come; `nil` before.
    var bodyEnded: Instant?
    var inspector = BodyInspector.opaque
    /// Where the model's name stands in the body.
    var modelPlace: BodyInspector.ModelPlace?
    /// The change of the body that asks for usage, as long as it is to be asked for.
    var usageAsk: BodySplice.Edit?
    /// The one that the running attempt is made with: decided once, since others may change what is known of its provider.
    var activeUsageAsk: BodySplice.Edit?
    /// Who seems to have refused to be asked; it is known when the request is taken without.
    var usageAskSuspect: RouteCandidate?
    var route: ForwardRoute?

    var candidates: [RouteCandidate] = []
    /// What may be done for the request, and was; `nil` until it is known what it asks for.
    var plan: RequestPlan?
    var running: RunningAttempt?
    /// What the last attempt was made for.
    var lastCandidate: RouteCandidate?
    /// Why there was an attempt before the present one.
    var retryReason: ErrorClass?
    /// How the attempt before the present wait failed.
    var lastFailure: AttemptFailure?
    var repeatTimer: Scheduled<Void>?

    /// What is known of the request so far.
    var record: RequestRecord
    /// How long attempts were running, all of them together.
    var upstreamTime = Duration.zero
    var isAccounted = false
    var isEventStream = false
    var answerBytes: Int64 = 0
    var keepAlive = KeepAlive()
    /// The beginnings of both bodies, if a person wants them kept.
    var capture: BodyCapture?

    init(gateway: Gateway, head: RequestHead, exchange: any Exchange) {
        self.gateway = gateway
        self.snapshot = gateway.snapshot
        self.exchange = exchange
        self.head = head
        self.received = gateway.time.now()
        self.requestID = RequestID.given(by: head.headers) ?? gateway.makeRequestID()
        self.record = RequestRecord(id: self.requestID, receivedAt: gateway.time.wallTime(), dialect: .other)
        if self.snapshot.redactor != nil { self.capture = BodyCapture(head.headers) }
        self.logger = gateway.logger
        self.logger[metadataKey: "request_id"] = "\(self.requestID)"
    }

    /// Whether anything of an answer has been sent.
    var hasAnswered: Bool {
        switch self.phase {
        case .answering, .over: true
        case .beginning, .queued, .receiving, .listing, .attempting, .waiting: false
        }
    }

    /// Begins the life of the request.
    func begin() {
        self.gateway.metrics.inFlightRequests.increment()
        do throws(ProxyFault) {
            if let preflight = try self.identify() {
                return self.answer(preflight)
            }
            switch try self.chooseRoute() {
            case .models(let listing):
                try self.checkListingHasNoBody()
                try self.confirmSignature()
                try self.checkMemory()
                try self.passRates()
                self.list(listing)
            case .forward(let route):
                self.route = route
                try self.checkAnnouncedSize()
                try self.checkMemory()
                self.enter()
            }
        } catch {
            self.refuse(error)
        }
    }

    // MARK: What the exchange tells

    func exchangeReceived(body piece: ByteBuffer) {
        // An answer may have begun while the rest of the body still goes up.
        guard !self.hasAnswered || self.running != nil else { return }
        self.receive(piece)
    }

    func exchangeReceivedEnd() {
        guard !self.hasAnswered || self.running != nil else { return }
        self.receiveEnd()
    }

    func exchangeBecameWritable() {
        self.running?.attempt.setPaused(false)
    }

    func exchangeMustEnd() {
        let fault = ProxyFault(
            .overloaded, message: "The proxy is being stopped or restarted; try again.", retryAfter: 1)
        if case .queued(let number) = self.phase {
            _ = self.gateway.gate.abandon(number, at: self.gateway.time.now())
            self.phase = .beginning
        }
        guard self.hasAnswered else {
            self.repeatTimer?.cancel()
            if let running = self.running {
                running.attempt.cancel()
                self.settle(running, class: .daemonOverloaded)
            }
            self.record.errorClass = .daemonOverloaded
            return self.refuse(fault)
        }
        // What has no attempt any more is on its way to the caller, all of it.
        guard self.running != nil, case .answering = self.phase else { return }
        self.breakOff(.daemonOverloaded, fault, detail: "the time to drain is over")
    }

    func exchangeClosed(byCaller: Bool) {
        if byCaller { self.callerLeft() }
        self.close()
    }

    // MARK: Ends

    /// The caller went away before its answer was complete: everything that is done for it stops (theme: tokens burn).
    private func callerLeft() {
        if case .over = self.phase { return }
        // Some leave with the last event in their hands, without waiting for the end of the body; who did not take what was
        // written has not got it.
        if let running, running.attempt.hasEnded, !running.attempt.isPaused {
            self.settle(running, class: running.decidedBy == nil ? nil : self.record.errorClass)
            running.attempt.linger()
            return self.account()
        }
        self.record.errorClass = .callerCancelled
        self.record.outcome = .left
        if let running = self.running {
            running.attempt.cancel()
            self.settle(running, class: .callerCancelled)
        }
        self.account()
    }

    /// Lets go of everything.
    ///
    /// What was under way then did not end by itself: the listener refused the rest of the request, or gave up draining.
    private func close() {
        if self.record.status == 0, self.record.outcome == .complete { self.record.outcome = .refused }
        if let running = self.running {
            if self.record.status > 0 { self.record.outcome = .cut }
            running.attempt.cancel()
            self.settle(running, class: self.record.errorClass ?? .daemonInternal)
        }
        self.account()
    }
}
