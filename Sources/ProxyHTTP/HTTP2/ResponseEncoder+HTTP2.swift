import NIOCore
import NIOHPACK
import ProxyCore

extension ResponseEncoder {
    /// The head as a header block: names in lower case, no field that belongs to one connection (RFC 9113 §8.2), `Date`
    /// as in HTTP/1.1.
    ///
    /// No field is put into the table of the compression (RFC 7541 §7.1.3): the caller alone says how large that table
    /// is, and it would grow with every answer.
    mutating func headerBlock(now: WallTime) -> HPACKHeaders {
        var block = HPACKHeaders([(":status", String(self.head.status))])
        self.add(self.head.headers, to: &block)
        if let contentLength = self.contentLength {
            block.add(name: "content-length", value: String(contentLength), indexing: .nonIndexable)
        }
        if !block.contains(name: "date") {
            var date = ByteBuffer()
            date.writeHTTPDate(now)
            block.add(name: "date", value: String(buffer: date), indexing: .nonIndexable)
        }
        return block
    }

    /// The trailers as a header block; `nil` for none.
    mutating func trailerBlock(_ trailers: HeaderFields?) -> HPACKHeaders? {
        guard let trailers, self.framing == .untilEndOfStream else { return nil }
        var block = HPACKHeaders()
        self.add(trailers, to: &block)
        return block.isEmpty ? nil : block
    }

    private mutating func add(_ fields: HeaderFields, to block: inout HPACKHeaders) {
        var dropped: [String] = []
        for field in fields where !Self.isOwned(field.name) && !Self.belongsToConnection(field.name) {
            guard field.isFitToWrite else {
                dropped.append(field.name)
                continue
            }
            let name = String(decoding: field.name.utf8.map(\.asciiLowercased), as: UTF8.self)
            block.add(
                name: name, value: String(field.value[...].trimmingHTTPWhitespace()), indexing: .nonIndexable)
        }
        if !dropped.isEmpty { self.noteDropped(dropped) }
    }

    private static func belongsToConnection(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: name.equalsIgnoringASCIICase("te")
        case 7: name.equalsIgnoringASCIICase("upgrade")
        case 16: name.equalsIgnoringASCIICase("proxy-connection")
        default: false
        }
    }
}
