public import NIOCore

/// Where requests to a provider go: one scheme, host and port, or a Unix socket.
public struct UpstreamOrigin: Sendable, Hashable {
    /// How the origin is reached.
    public enum Scheme: Sendable, Hashable {
        /// HTTP over TLS.
        case https
        /// Plain HTTP, for servers on this machine only.
        case http
        /// Plain HTTP over a Unix socket at this path.
        case unix(path: String)
    }

    /// How the origin is reached.
    public var scheme: Scheme
    /// Host name or numeric address, IPv6 without brackets; `localhost` for Unix sockets.
    public var host: String
    /// TCP port; 0 for Unix sockets.
    public var port: UInt16

    /// Makes an origin.
    public init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }
}

/// One request to an upstream.
public struct UpstreamRequest: Sendable {
    /// Whether there is a body, and how long it is.
    ///
    /// Bodies of unknown length are received whole before they are sent.
    public enum Body: Sendable, Equatable {
        /// No body and no `Content-Length`.
        case none
        /// Exactly so many bytes follow through ``UpstreamTransfer/send(_:)``; may be 0.
        case length(Int64)
        /// These bytes, which are sent with the head: nothing is asked for.
        ///
        /// Meant for what is short: no progress is told while they leave.
        case bytes(ByteBuffer)
    }

    /// The method, sent as it is.
    public var method: String
    /// Where it goes.
    public var origin: UpstreamOrigin
    /// Path and query, sent byte for byte.
    public var target: String
    /// All header fields but `Host`, `Content-Length`, `Transfer-Encoding`, `Connection` and `Expect`, which are the
    /// transport's.
    public var headers: HeaderFields
    /// The body.
    public var body: Body
    /// Public keys that the origin's certificate must have one of, on top of being trusted: SHA-256 digests as
    /// `sha256//BASE64`.
    ///
    /// Empty for no pinning.
    public var pins: [String]

    /// Makes a request.
    public init(
        method: String, origin: UpstreamOrigin, target: String, headers: HeaderFields, body: Body, pins: [String] = []
    ) {
        self.method = method
        self.origin = origin
        self.target = target
        self.headers = headers
        self.body = body
        self.pins = pins
    }
}

/// Sends requests to providers: the port that the gateway needs and that the curl client fills.
public protocol UpstreamTransport: Sendable {
    /// Begins a transfer. Called on `eventLoop`, which owns the transfer from then on: all calls and callbacks happen
    /// there, and no callback happens before this method has returned.
    ///
    /// Exactly one of `transferCompleted` and `transferFailed` ends it, unless it is cancelled: then nothing follows.
    /// The transport keeps the observer alive until then.
    func begin(
        _ request: UpstreamRequest,
        on eventLoop: any EventLoop,
        observer: any TransferObserver
    ) -> any UpstreamTransfer
}

/// The gateway's handle of a running transfer.
///
/// Bound to its event loop.
public protocol UpstreamTransfer: AnyObject {
    /// Whether any byte of the request may have reached the upstream.
    var hasBegunSending: Bool { get }
    /// Sends a piece of the body. Pieces may be sent only after `transferWantsBody`, one for each such call.
    func send(_ body: ByteBuffer)
    /// Stops reading the answer: at most what the transport already holds (a few KiB) is still handed on.
    func pauseReading()
    /// Reads on.
    func resumeReading()
    /// Ends the transfer and its connection at once. No callback follows, not even within this call.
    func cancel()
}

/// Hears of a transfer.
///
/// All calls come on the transfer's event loop.
public protocol TransferObserver: AnyObject {
    /// The transport takes one more piece of the body, of at most 256 KiB. Called again after each piece until the
    /// announced length is reached. The piece may be sent at once or at any later time.
    func transferWantsBody()
    /// A request whose body goes with the head begins to leave: a connection stands.
    func transferBeginsToSend()
    /// The final head of the answer (interim answers are dropped).
    func transferReceived(head: ResponseHead)
    /// A piece of the answer's body, never empty.
    func transferReceived(body: ByteBuffer)
    /// The answer is complete.
    func transferCompleted(trailers: HeaderFields?)
    /// The transfer failed. Nothing was repeated by the transport.
    func transferFailed(_ failure: UpstreamFailure)
}

extension TransferObserver {
    /// Does nothing: for those who wait no differently before and after.
    public func transferBeginsToSend() {}
}

/// Why a transfer failed, in terms that a decision can be taken from.
public struct UpstreamFailure: Error, Sendable, Equatable {
    /// What happened.
    public enum Kind: Sendable, Equatable {
        /// Name not resolved, connection refused, network down, or the proxy in between failed.
        case unreachable
        /// The TLS handshake failed or the certificate is not trusted.
        case tls
        /// The certificate is trusted but its public key is not a pinned one.
        case pinMismatch
        /// No connection within the connect timeout.
        case connectTimeout
        /// The connection ended before the answer's head was complete.
        case closedBeforeAnswer
        /// The connection ended, or was broken, in the middle of the answer.
        case closedDuringAnswer
        /// The answer is not sound HTTP/1.1.
        case protocolViolation
        /// A fault of ours or of the library: out of memory, bad handle.
        case internalFault
    }

    /// What happened.
    public var kind: Kind
    /// Whether any byte of the request may have reached the upstream.
    public var requestBytesSent: Bool
    /// Whether the connection had served an earlier request: such a one may just have been closed by the other side.
    public var connectionReused: Bool
    /// For the log only: library text and code.
    ///
    /// Never shown to a caller.
    public var detail: String

    /// Makes a failure.
    public init(kind: Kind, requestBytesSent: Bool, connectionReused: Bool, detail: String) {
        self.kind = kind
        self.requestBytesSent = requestBytesSent
        self.connectionReused = connectionReused
        self.detail = detail
    }
}
