import NIOCore
import ProxyCore

/// Fetches the list of models of one provider.
///
/// Bound to one event loop; keeps itself alive through the transport.
final class ModelListFetch: TransferObserver {
    /// The longest list that is read.
    static let maximumBytes = 4 << 20

    private let eventLoop: any EventLoop
    private let done: ([ModelEntry]?) -> Void
    private var transfer: (any UpstreamTransfer)?
    private var timer: Scheduled<Void>?
    private var body = ByteBuffer()
    private var isDone = false

    private init(eventLoop: any EventLoop, done: @escaping ([ModelEntry]?) -> Void) {
        self.eventLoop = eventLoop
        self.done = done
    }

    /// Begins to fetch.
    ///
    /// `done` is called once, on the loop: with the models, or with `nil` if they could not be had.
    static func begin(
        _ request: UpstreamRequest,
        within limit: Duration,
        through transport: any UpstreamTransport,
        on eventLoop: any EventLoop,
        done: @escaping ([ModelEntry]?) -> Void
    ) {
        let fetch = ModelListFetch(eventLoop: eventLoop, done: done)
        fetch.transfer = transport.begin(request, on: eventLoop, observer: fetch)
        fetch.timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { fetch.end(nil) }
    }

    func transferWantsBody() {}

    func transferReceived(head: ResponseHead) {
        if head.status != 200 { self.end(nil) }
    }

    func transferReceived(body: ByteBuffer) {
        guard !self.isDone else { return }
        guard self.body.readableBytes + body.readableBytes <= Self.maximumBytes else { return self.end(nil) }
        var body = body
        self.body.writeBuffer(&body)
    }

    func transferCompleted(trailers: HeaderFields?) {
        self.transfer = nil
        self.end(ModelEntry.parseList(self.body.readableBytesView))
    }

    func transferFailed(_ failure: UpstreamFailure) {
        self.transfer = nil
        self.end(nil)
    }

    private func end(_ models: [ModelEntry]?) {
        guard !self.isDone else { return }
        self.isDone = true
        self.timer?.cancel()
        self.transfer?.cancel()
        self.transfer = nil
        self.done(models)
    }
}
