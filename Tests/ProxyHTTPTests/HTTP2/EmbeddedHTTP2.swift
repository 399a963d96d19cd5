import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import ProxyCore

@testable import ProxyHTTP

/// A frame that was sent.
struct SentFrame: CustomStringConvertible {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]
    /// The fields of a header block.
    var fields: [String: String] = [:]

    var isEnd: Bool { (self.type == 0 || self.type == 1) && self.flags & Wire.endStream != 0 }
    var text: String { String(decoding: self.payload, as: UTF8.self) }

    /// The error code of RST_STREAM and GOAWAY.
    var code: UInt32? {
        switch self.type {
        case 3: Self.number(self.payload[0..<4])
        case 7: Self.number(self.payload[4..<8])
        default: nil
        }
    }

    static func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    var description: String {
        "type \(self.type) flags \(self.flags) stream \(self.stream) \(self.fields) \(self.payload.count) bytes"
    }
}

/// An HTTP/2 connection without a socket, whose clock the test moves and whose caller sends bytes as they are given.
final class EmbeddedHTTP2 {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let registry = ConnectionRegistry(maximum: 10)
    let handler: HTTP2ConnectionHandler
    let environment: ConnectionEnvironment
    private(set) var frames: [SentFrame] = []
    private var unread = ByteBuffer()
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

    init(
        _ responder: ScriptedResponder, configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        isOverloaded: Bool = false, opens: Bool = true
    ) throws {
        self.channel = EmbeddedChannel(loop: self.loop)
        self.environment = ConnectionEnvironment(
            responder: responder, limits: ConnectionLimits(configuration),
            maximumHeaderBytes: configuration.maximumHeaderBytes, registry: self.registry,
            wallTime: { WallTime(microseconds: 0) }, logger: quietLogger)
        try self.channel.pipeline.syncOperations.addHandler(TransportEnd(generation: 0))
        try HTTP2Setup.addHandlers(
            to: self.channel, environment: self.environment,
            info: ConnectionInfo(transport: .tcp(peer: "127.0.0.1"), isTLS: true, id: 1), isOverloaded: isOverloaded)
        self.handler = try self.channel.pipeline.syncOperations.handler(type: HTTP2ConnectionHandler.self)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        if opens { try self.send(Wire.opening + Wire.settingsAcknowledged) }
    }

    /// Sends in one piece.
    func send(_ bytes: [UInt8]) throws {
        guard self.channel.isActive else { return self.settle() }
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.settle()
    }

    func settle() {
        self.loop.run()
        do { try self.readFrames() } catch {
            self.frames.append(SentFrame(type: 255, flags: 0, stream: 0, payload: []))
        }
    }

    func advance(_ time: TimeAmount) {
        self.loop.advanceTime(by: time)
        self.settle()
    }

    /// The caller goes without a word.
    func lose() throws {
        _ = try self.channel.finish(acceptAlreadyClosed: true)
        self.loop.run()
    }

    var isOpen: Bool { self.channel.isActive }

    func tell(_ command: ConnectionCommand) {
        self.channel.pipeline.fireUserInboundEventTriggered(command)
        self.settle()
    }

    // MARK: What has come back

    /// The status of a stream's answer.
    func status(_ stream: UInt32) -> String? {
        self.frames.first { $0.stream == stream && $0.type == 1 && $0.fields[":status"] != "100" }?.fields[":status"]
    }

    func fields(_ stream: UInt32) -> [String: String] {
        self.frames.first { $0.stream == stream && $0.type == 1 }?.fields ?? [:]
    }

    func body(_ stream: UInt32) -> String {
        self.frames.filter { $0.stream == stream && $0.type == 0 }.map(\.text).joined()
    }

    func bodyBytes(_ stream: UInt32) -> Int {
        self.frames.filter { $0.stream == stream && $0.type == 0 }.reduce(0) { $0 + $1.payload.count }
    }

    func hasEnded(_ stream: UInt32) -> Bool {
        self.frames.contains { $0.stream == stream && $0.isEnd }
    }

    /// The code that a stream was reset with.
    func reset(_ stream: UInt32) -> UInt32? {
        self.frames.first { $0.stream == stream && $0.type == 3 }?.code
    }

    /// The codes of all GOAWAY frames.
    var goAways: [UInt32] { self.frames.compactMap { $0.type == 7 ? $0.code : nil } }

    func windowUpdates(_ stream: UInt32) -> UInt32 {
        self.frames.filter { $0.stream == stream && $0.type == 8 }.reduce(0) { $0 + SentFrame.number($1.payload) }
    }

    private func readFrames() throws {
        while let piece = try self.channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(var bytes) = piece { self.unread.writeBuffer(&bytes) }
        }
        while self.unread.readableBytes >= 9 {
            let view = Array(self.unread.readableBytesView.prefix(9))
            let length = Int(view[0]) << 16 | Int(view[1]) << 8 | Int(view[2])
            guard self.unread.readableBytes >= 9 + length else { return }
            self.unread.moveReaderIndex(forwardBy: 9)
            let payload = self.unread.readBytes(length: length) ?? []
            var frame = SentFrame(
                type: view[3], flags: view[4], stream: SentFrame.number(view[5..<9]), payload: payload)
            if frame.type == 1 {
                var block = ByteBuffer(bytes: payload)
                for (name, value, _) in try self.decoder.decodeHeaders(from: &block) { frame.fields[name] = value }
            }
            self.frames.append(frame)
        }
    }
}

/// The handlers that a responder made, for a test on the same thread as the loop.
final class ScriptedHandlers: Sendable {
    struct Missing: Error {}

    private let handlers = Watched<[NIOLoopBound<ScriptedHandler>]>([])

    func take(_ handler: ScriptedHandler) {
        let bound = NIOLoopBound(handler, eventLoop: handler.exchange.eventLoop)
        self.handlers.update { $0.append(bound) }
    }

    func handler(_ number: Int) throws -> ScriptedHandler {
        let handlers = self.handlers.value
        guard number < handlers.count else { throw Missing() }
        return handlers[number].value
    }
}
