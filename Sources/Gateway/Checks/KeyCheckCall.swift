import NIOCore
import ProxyCore

/// One call of the daemon's own to a provider, read whole.
///
/// Bound to one event loop; keeps itself alive through the transport. How long it takes is its owner's to bound.
final class KeyCheckCall: TransferObserver {
    /// The longest answer that is read.
    static let maximumBytes = UsageReport.maximumBytes

    /// A whole answer.
    struct Answer {
        var head: ResponseHead
        var body: ByteBuffer
    }

    /// How a call ended: with an answer, or with a word for the log.
    enum End {
        case answered(Answer)
        case failed(reason: String)
    }

    private let done: (End) -> Void
    private var transfer: (any UpstreamTransfer)?
    private var head: ResponseHead?
    private var body = ByteBuffer()
    private var isDone = false

    private init(done: @escaping (End) -> Void) {
        self.done = done
    }

    /// Begins a call; `done` is called once, on the loop and not before this has returned, unless it is cancelled.
    static func begin(
        _ request: UpstreamRequest, through transport: any UpstreamTransport, on eventLoop: any EventLoop,
        done: @escaping (End) -> Void
    ) -> KeyCheckCall {
        let call = KeyCheckCall(done: done)
        call.transfer = transport.begin(request, on: eventLoop, observer: call)
        return call
    }

    /// Ends the call; nothing more is heard of it.
    func cancel() {
        self.isDone = true
        self.transfer?.cancel()
        self.transfer = nil
    }

    func transferWantsBody() {}

    func transferReceived(head: ResponseHead) {
        self.head = head
    }

    func transferReceived(body: ByteBuffer) {
        guard !self.isDone else { return }
        guard self.body.readableBytes + body.readableBytes <= Self.maximumBytes else {
            self.transfer?.cancel()
            return self.end(.failed(reason: UsageReading.Fault.tooLong.rawValue))
        }
        var body = body
        self.body.writeBuffer(&body)
    }

    func transferCompleted(trailers: HeaderFields?) {
        guard let head = self.head else { return self.end(.failed(reason: "no_answer")) }
        self.end(.answered(Answer(head: head, body: self.body)))
    }

    func transferFailed(_ failure: UpstreamFailure) {
        let reason =
            switch failure.kind {
            case .unreachable, .connectTimeout: "unreachable"
            case .tls, .pinMismatch: "tls"
            case .closedBeforeAnswer, .closedDuringAnswer: "closed"
            case .protocolViolation: "protocol"
            case .internalFault: "internal"
            }
        self.end(.failed(reason: reason))
    }

    private func end(_ end: End) {
        self.transfer = nil
        guard !self.isDone else { return }
        self.isDone = true
        self.done(end)
    }
}
