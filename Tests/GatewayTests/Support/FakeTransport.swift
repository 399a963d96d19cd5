import NIOCore
import ProxyCore

/// A transport whose providers are played by a test.
final class FakeTransport: UpstreamTransport {
    private let begun: NIOLoopBoundBox<[FakeTransfer]>

    init(eventLoop: any EventLoop) {
        self.begun = NIOLoopBoundBox([], eventLoop: eventLoop)
    }

    /// All transfers, in the order in which they began.
    var transfers: [FakeTransfer] { self.begun.value }

    func begin(
        _ request: UpstreamRequest, on eventLoop: any EventLoop, observer: any TransferObserver
    ) -> any UpstreamTransfer {
        let transfer = FakeTransfer(request: request, observer: observer)
        self.begun.value.append(transfer)
        return transfer
    }
}

/// One transfer; keeps the rules of ``UpstreamTransfer`` and notes who breaks them.
final class FakeTransfer: UpstreamTransfer {
    let request: UpstreamRequest
    private var observer: (any TransferObserver)?
    private(set) var sent = ByteBuffer()
    private(set) var isPaused = false
    private(set) var isCancelled = false
    private(set) var isOver = false
    private var isAsking = false
    private(set) var misuses: [String] = []

    init(request: UpstreamRequest, observer: any TransferObserver) {
        self.request = request
        self.observer = observer
    }

    var length: Int64 {
        switch self.request.body {
        case .none: 0
        case .length(let length): length
        case .bytes(let bytes): Int64(bytes.readableBytes)
        }
    }
    var text: String { String(buffer: self.sent) }
    var isFullySent: Bool { Int64(self.sent.readableBytes) == self.length }
    private(set) var hasBegunSending = false

    /// Whether the gateway asks for the provider's models on its own behalf.
    var isModelList: Bool { self.request.method == "GET" && self.request.target.hasSuffix("/models") }

    /// The credential that was sent.
    var credential: String? { self.request.headers.first("authorization") ?? self.request.headers.first("x-api-key") }

    // MARK: What the gateway does

    func send(_ body: ByteBuffer) {
        if self.isOver { self.misuses.append("sent after the end") }
        if !self.isAsking { self.misuses.append("sent without being asked") }
        if body.readableBytes == 0 || body.readableBytes > 256 * 1024 {
            self.misuses.append("sent a piece of \(body.readableBytes)")
        }
        self.isAsking = false
        self.sent.writeImmutableBuffer(body)
        if Int64(self.sent.readableBytes) > self.length { self.misuses.append("sent more than announced") }
    }

    func pauseReading() { self.isPaused = true }
    func resumeReading() { self.isPaused = false }

    func cancel() {
        if self.isOver { self.misuses.append("cancelled after the end") }
        self.isCancelled = true
        self.isOver = true
        self.observer = nil
    }

    // MARK: What the provider does

    /// Takes the body, or asks for it until there is no more of it for now.
    func takeBody() {
        self.hasBegunSending = true
        if !self.isOver, case .bytes(let bytes) = self.request.body {
            self.sent = bytes
            self.observer?.transferBeginsToSend()
        }
        while !self.isOver, !self.isAsking, !self.isFullySent {
            self.isAsking = true
            self.observer?.transferWantsBody()
        }
    }

    /// Sends a head.
    func head(_ status: Int, _ headers: HeaderFields = [:]) {
        guard !self.isOver else { return }
        self.observer?.transferReceived(head: ResponseHead(status: status, headers: headers))
    }

    /// Sends a piece of the answer.
    func body(_ text: String) {
        self.body(ByteBuffer(string: text))
    }

    /// Sends a piece of the answer.
    func body(_ bytes: ByteBuffer) {
        guard !self.isOver, bytes.readableBytes > 0 else { return }
        self.observer?.transferReceived(body: bytes)
    }

    /// Ends the answer.
    func complete() {
        guard !self.isOver else { return }
        self.isOver = true
        let observer = self.observer
        self.observer = nil
        observer?.transferCompleted(trailers: nil)
    }

    /// Fails.
    func fail(_ kind: UpstreamFailure.Kind, sent: Bool = true, reused: Bool = false) {
        guard !self.isOver else { return }
        self.isOver = true
        let observer = self.observer
        self.observer = nil
        observer?.transferFailed(
            UpstreamFailure(kind: kind, requestBytesSent: sent, connectionReused: reused, detail: "SECRET-DETAIL"))
    }

    /// Takes the body and gives a whole answer.
    func answer(_ status: Int, _ headers: HeaderFields = ["Content-Type": "application/json"], _ text: String = "{}") {
        self.takeBody()
        self.head(status, headers)
        self.body(text)
        self.complete()
    }
}
