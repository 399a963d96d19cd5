public import NIOCore

/// What the listener knows about the connection that a request came in on.
public struct ConnectionInfo: Sendable, Equatable {
    /// How the caller is connected.
    public enum Transport: Sendable, Equatable {
        /// TCP, with the peer's numeric address without the port.
        case tcp(peer: String)
        /// A Unix socket, with the peer's user and process id as the kernel saw them at `connect` (`SO_PEERCRED`).
        case unix(uid: UInt32, pid: Int32)
    }

    /// How the caller is connected.
    public var transport: Transport
    /// Whether the connection is encrypted.
    public var isTLS: Bool
    /// The certificate that the caller showed; `nil` for none.
    public var certificate: ClientCertificate?
    /// Whether the listener that it came in on is for this machine alone: a loopback address or a Unix socket.
    public var isLocal = true
    /// The number of the connection, unique in the life of the process.
    public var id: UInt64
    /// What becomes known of the caller, where somebody looks; `nil` where nobody does.
    public var observation: (any CallerObservation)?

    /// Makes the description of a connection.
    public init(
        transport: Transport, isTLS: Bool = false, certificate: ClientCertificate? = nil, id: UInt64,
        observation: (any CallerObservation)? = nil
    ) {
        self.transport = transport
        self.isTLS = isTLS
        self.certificate = certificate
        self.id = id
        self.observation = observation
    }

    /// Whether two descriptions are of the same connection; observations are the same if they are one object.
    public static func == (left: ConnectionInfo, right: ConnectionInfo) -> Bool {
        left.transport == right.transport && left.isTLS == right.isTLS && left.id == right.id
            && left.isLocal == right.isLocal && left.certificate == right.certificate
            && left.observation === right.observation
    }
}

/// Answers the requests of a listener.
///
/// One value serves all connections of all event loops.
public protocol Responder: Sendable {
    /// A request has begun. Called on the connection's event loop as soon as its head is complete and framed soundly.
    ///
    /// The body is not read until the handler calls ``Exchange/resumeBody()``. The returned handler hears of everything
    /// that follows and is let go after ``ExchangeHandler/exchangeClosed()``.
    func respond(to head: RequestHead, on exchange: any Exchange) -> any ExchangeHandler

    /// The answer that the listener sends when it refuses a request by itself, before or while there is a handler.
    ///
    /// `head` is what could be read of the request so far, `nil` if its head never became complete.
    func refusal(_ reason: ListenerRefusal, head: RequestHead?) -> RefusalAnswer
}

/// Why a listener refuses a request by itself.
public enum ListenerRefusal: Sendable, Equatable {
    /// Framing or syntax: bad request line, Host missing or twice, forbidden transfer coding, smuggling shapes …
    case malformed
    /// The header section is over the limit.
    case headersTooLarge
    /// The header or the body did not arrive in time.
    case timeout
    /// `CONNECT` or `TRACE`.
    case methodNotAllowed
    /// An `Upgrade` to anything but `h2c`.
    case upgradeRefused
    /// More connections than allowed, or draining.
    case overloaded
}

/// A complete answer that a listener sends by itself and closes the connection after.
public struct RefusalAnswer: Sendable, Equatable {
    /// Status and header fields, `Content-Length` not included.
    public var head: ResponseHead
    /// The whole body.
    public var body: ByteBuffer

    /// Makes an answer.
    public init(head: ResponseHead, body: ByteBuffer) {
        self.head = head
        self.body = body
    }
}

/// The listener's side of one request and its answer.
///
/// Bound to its event loop: every call and every callback happens there.
///
/// No callback happens within a call: what follows from it comes in the same turn of the loop at the earliest. Calls may
/// be made within callbacks and within ``Responder/respond(to:on:)``. Once the exchange is over all of them are ignored.
///
/// An answer may begin, and end, before the request's body has arrived: what is left of the body is then discarded
/// within a bound and the connection closed if the bound is passed.
public protocol Exchange: AnyObject {
    /// The event loop that owns the connection.
    var eventLoop: any EventLoop { get }
    /// The connection that the request came in on.
    var connection: ConnectionInfo { get }
    /// Whether the caller takes more bytes now. When it turns true again the handler hears
    /// ``ExchangeHandler/exchangeBecameWritable()``.
    var isWritable: Bool { get }

    /// Lets the body come, after having sent `100 Continue` where the caller waits for it.
    func resumeBody()
    /// Holds the body back: no further piece is handed on until ``resumeBody()``.
    func pauseBody()

    /// Sends the head of the answer, once. `Content-Length` decides the framing; without it HTTP/1.1 callers get chunks.
    func writeHead(_ head: ResponseHead)
    /// Sends a piece of the answer's body and flushes it. Ignored once the caller has left.
    func write(_ body: ByteBuffer)
    /// Ends the answer regularly.
    func finish(trailers: HeaderFields?)
    /// Ends the answer by cutting the connection, so that the caller cannot mistake it for complete. What was written
    /// and has not been taken by the socket is lost.
    func abort()
}

/// The responder's side of one exchange.
///
/// All calls come on the exchange's event loop.
public protocol ExchangeHandler: AnyObject {
    /// A piece of the request's body, never empty, at most as large as one read of the socket.
    func exchangeReceived(body: ByteBuffer)
    /// The request's body is complete (called for requests without one as well, once ``Exchange/resumeBody()`` was).
    func exchangeReceivedEnd()
    /// The caller takes bytes again.
    func exchangeBecameWritable()
    /// The listener goes, and the exchange cannot run on: it is to be ended now in a way that its caller understands.
    ///
    /// Comes once at most; whoever does not end it is cut a moment later.
    func exchangeMustEnd()
    /// The exchange is over, once and last: the answer is complete, was aborted, or the caller has left.
    ///
    /// `byCaller` tells whether the connection ended before the answer was complete and without our doing. A caller that
    /// closes only its sending side has left as well. It is `false` where the listener itself refused the rest of the
    /// request: then no answer can be given any more.
    func exchangeClosed(byCaller: Bool)
}

extension ExchangeHandler {
    /// Nothing, for those who can only be cut.
    public func exchangeMustEnd() {}
}
