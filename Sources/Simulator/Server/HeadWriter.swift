import NIOCore
import NIOHTTP1

/// Writes heads of answers byte by byte, right ones and wrong ones.
struct HeadWriter {
    /// How the end of the body is told.
    enum Framing: Equatable {
        case contentLength(Int)
        case chunked
        case closing
        case none
    }

    /// What is to be wrong with it.
    var fault: FaultAction.Framing?

    /// The head of an answer.
    func head(_ script: AnswerScript, framing: Framing, closes: Bool) -> ByteBuffer {
        let end = self.fault == .bareLineFeed ? "\n" : "\r\n"
        var buffer = ByteBuffer()
        if self.fault == .early100 {
            buffer.writeString("HTTP/1.1 100 Continue\r\n\r\n")
            buffer.writeString("HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n")
        }
        let reason = script.status == 529 ? "Overloaded" : HTTPResponseStatus(statusCode: script.status).reasonPhrase
        buffer.writeString("HTTP/1.1 \(script.status) \(reason)\(end)")
        for line in script.headers { buffer.writeString("\(line.name): \(line.value)\(end)") }
        if self.fault == .foldedHeader { buffer.writeString("x-folded: first part,\(end) second part\(end)") }
        switch framing {
        case .contentLength(let length):
            buffer.writeString("content-length: \(length)\(end)")
            if self.fault == .twoContentLengths { buffer.writeString("content-length: \(length + 7)\(end)") }
            if self.fault == .contentLengthAndChunked { buffer.writeString("transfer-encoding: chunked\(end)") }
        case .chunked:
            if self.fault == .contentLengthAndChunked { buffer.writeString("content-length: 7\(end)") }
            if self.fault == .twoContentLengths {
                buffer.writeString("content-length: 7\(end)content-length: 8\(end)")
            } else {
                buffer.writeString("transfer-encoding: chunked\(end)")
            }
        case .closing, .none:
            break
        }
        if closes { buffer.writeString("connection: close\(end)") }
        buffer.writeString(end)
        return buffer
    }
}
