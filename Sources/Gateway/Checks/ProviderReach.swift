import NIOCore
public import ProxyCore

/// Whether a provider can be reached: what became of a call that carried no key.
public struct ProviderReach: Sendable {
    /// How the call ended.
    public enum End: Sendable, Equatable {
        /// The provider answered, with whatever status; `date` is its `Date` field.
        case answered(status: Int, date: String?)
        /// It did not; `detail` is the library's text.
        case failed(UpstreamFailure.Kind, detail: String)
        /// It took too long.
        case timedOut
    }

    /// How the call ended.
    public var end: End
    /// How long it took.
    public var duration: Duration

    /// Makes a finding.
    public init(end: End, duration: Duration) {
        self.end = end
        self.duration = duration
    }
}

extension KeyChecks {
    /// Asks a provider for its models without any key, which shows whether its name resolves, its host answers, and TLS works.
    ///
    /// Nothing of the pool, the breakers or the keys hears of it. Waits at most `limit`.
    public func reach(_ base: UpstreamBase, pins: [String], within limit: Duration) async -> ProviderReach {
        let begun = self.surroundings.time.now()
        do {
            return try await self.reached(base, pins: pins, within: limit).get()
        } catch {
            // A loop that takes nothing any more asks nothing.
            return ProviderReach(
                end: .failed(.internalFault, detail: "\(error)"), duration: self.surroundings.time.now() - begun)
        }
    }

    /// As ``reach(_:pins:within:)``.
    func reached(_ base: UpstreamBase, pins: [String], within limit: Duration) -> EventLoopFuture<ProviderReach> {
        let request = UpstreamRequest(
            method: "GET", origin: base.origin, target: base.path + "/models",
            headers: ["Accept": "application/json", "User-Agent": self.surroundings.userAgent], body: .none, pins: pins)
        let begun = self.surroundings.time.now()
        let promise = self.eventLoop.makePromise(of: ProviderReach.End.self)
        self.eventLoop.execute {
            let call = ReachCall(promise)
            call.begin(request, through: self.surroundings.transport, on: self.eventLoop, within: TimeAmount(limit))
        }
        return promise.futureResult.map { end in
            ProviderReach(end: end, duration: self.surroundings.time.now() - begun)
        }
    }
}

/// One such call, which ends with the head of the answer.
///
/// Bound to one event loop; its timer keeps it alive.
private final class ReachCall: TransferObserver {
    private let promise: EventLoopPromise<ProviderReach.End>
    private var transfer: (any UpstreamTransfer)?
    private var timer: Scheduled<Void>?
    private var isDone = false

    init(_ promise: EventLoopPromise<ProviderReach.End>) {
        self.promise = promise
    }

    func begin(
        _ request: UpstreamRequest, through transport: any UpstreamTransport, on eventLoop: any EventLoop,
        within limit: TimeAmount
    ) {
        self.timer = eventLoop.assumeIsolated().scheduleTask(in: limit) { self.end(.timedOut) }
        self.transfer = transport.begin(request, on: eventLoop, observer: self)
    }

    func transferWantsBody() {}

    func transferReceived(head: ResponseHead) {
        self.end(.answered(status: Int(head.status), date: head.headers.first("date")))
    }

    func transferReceived(body: ByteBuffer) {}

    func transferCompleted(trailers: HeaderFields?) {
        self.transfer = nil
        self.end(.failed(.closedBeforeAnswer, detail: "no answer"))
    }

    func transferFailed(_ failure: UpstreamFailure) {
        self.transfer = nil
        self.end(.failed(failure.kind, detail: failure.detail))
    }

    private func end(_ end: ProviderReach.End) {
        guard !self.isDone else { return }
        self.isDone = true
        self.timer?.cancel()
        self.timer = nil
        // What follows the head is nobody's.
        self.transfer?.cancel()
        self.transfer = nil
        self.promise.succeed(end)
    }
}
