import NIOCore

/// Answers whose framing is so wrong that they are written as a whole, after which the connection is closed.
enum WrongAnswer {
    private static let bodyLimit = 1 << 20

    /// The bytes, or `nil` for a framing that only changes the head.
    static func bytes(_ framing: FaultAction.Framing, script: AnswerScript) -> ByteBuffer? {
        switch framing {
        case .garbage:
            return ByteBuffer(string: "\u{16}\u{3}\u{1} this is no HTTP at all\r\n\r\n\u{0}\u{1}\u{2}")
        case .unexpected101:
            return ByteBuffer(
                string: "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nframes"
            )
        case .headOnlyClose:
            let length = script.body.length ?? 100
            return HeadWriter().head(script, framing: .contentLength(max(1, length)), closes: false)
        case .shortBody:
            let body = Self.body(of: script)
            var buffer = HeadWriter().head(script, framing: .contentLength(body.readableBytes + 100), closes: false)
            buffer.writeImmutableBuffer(body)
            return buffer
        case .badChunkSize:
            var buffer = HeadWriter().head(script, framing: .chunked, closes: false)
            buffer.writeString("zz\r\n")
            buffer.writeImmutableBuffer(Self.body(of: script))
            buffer.writeString("\r\n0\r\n\r\n")
            return buffer
        case .twoContentLengths, .contentLengthAndChunked, .bareLineFeed, .foldedHeader, .early100:
            return nil
        }
    }

    private static func body(of script: AnswerScript) -> ByteBuffer {
        var iterator = PieceIterator(script.body)
        var body = ByteBuffer()
        while body.readableBytes < Self.bodyLimit, iterator.next(into: &body) != nil {}
        return body
    }
}
