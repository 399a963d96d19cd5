import NIOCore
import ProxyCore

/// One request as the responder holds it.
///
/// Once it is over every call is ignored, so that a late one cannot touch the next request of the connection.
final class ServerExchange: Exchange {
    let eventLoop: any EventLoop
    let connection: ConnectionInfo
    let request: SoundHead
    /// The connection, until the exchange is over.
    var channel: ConnectionHandler?
    /// The responder's side, until it has heard that the exchange is over.
    var handler: (any ExchangeHandler)?
    private var isCountedAsAborted = false

    init(eventLoop: any EventLoop, connection: ConnectionInfo, request: SoundHead, channel: ConnectionHandler) {
        self.eventLoop = eventLoop
        self.connection = connection
        self.request = request
        self.channel = channel
    }

    /// Counts it as one that ended because the server did; `false` if that has been done.
    func countAbort(in registry: ConnectionRegistry) -> Bool {
        guard !self.isCountedAsAborted else { return false }
        self.isCountedAsAborted = true
        registry.countAbort()
        return true
    }

    var isWritable: Bool {
        self.eventLoop.assertInEventLoop()
        return self.channel?.isWritable ?? false
    }

    func resumeBody() {
        self.eventLoop.assertInEventLoop()
        self.channel?.resumeBody()
    }

    func pauseBody() {
        self.eventLoop.assertInEventLoop()
        self.channel?.pauseBody()
    }

    func writeHead(_ head: ResponseHead) {
        self.eventLoop.assertInEventLoop()
        self.channel?.writeHead(head, of: self)
    }

    func write(_ body: ByteBuffer) {
        self.eventLoop.assertInEventLoop()
        self.channel?.write(body)
    }

    func finish(trailers: HeaderFields?) {
        self.eventLoop.assertInEventLoop()
        self.channel?.finish(trailers: trailers)
    }

    func abort() {
        self.eventLoop.assertInEventLoop()
        self.channel?.abort()
    }
}
