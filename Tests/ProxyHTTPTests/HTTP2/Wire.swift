/// Frames as bytes, sound or not (RFC 9113 §4.1 and §6).
enum Wire {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// What a caller begins with.
    static let opening = preface + settings([])

    static let endStream: UInt8 = 0x1
    static let acknowledged: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        let header = [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
        return header + self.number(stream) + payload
    }

    static func number(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    static func data(_ stream: UInt32, _ text: String = "", end: Bool = false) -> [UInt8] {
        self.frame(0, flags: end ? self.endStream : 0, stream: stream, Array(text.utf8))
    }

    static func data(_ stream: UInt32, bytes: Int, end: Bool = false) -> [UInt8] {
        self.frame(0, flags: end ? self.endStream : 0, stream: stream, [UInt8](repeating: 0x61, count: bytes))
    }

    static func headers(
        _ stream: UInt32, _ fields: [(String, String)], end: Bool = true, flags: UInt8 = endHeaders
    ) -> [UInt8] {
        self.frame(1, flags: flags | (end ? self.endStream : 0), stream: stream, self.block(fields))
    }

    /// A head in as many frames as it needs.
    static func splitHeaders(_ stream: UInt32, _ fields: [(String, String)]) -> [UInt8] {
        let block = self.block(fields)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: block.count, by: 16_384) {
            let end = min(start + 16_384, block.count)
            let flags = end == block.count ? self.endHeaders : 0
            bytes += self.frame(
                start == 0 ? 1 : 9, flags: start == 0 ? flags | self.endStream : flags, stream: stream,
                Array(block[start..<end]))
        }
        return bytes
    }

    static func priority(_ stream: UInt32, on other: UInt32) -> [UInt8] {
        self.frame(2, stream: stream, self.number(other) + [15])
    }

    static func reset(_ stream: UInt32, code: UInt32 = 8) -> [UInt8] {
        self.frame(3, stream: stream, self.number(code))
    }

    static func settings(_ values: [(UInt16, UInt32)]) -> [UInt8] {
        self.frame(4, stream: 0, values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xFF)] + self.number($0.1) })
    }

    static let settingsAcknowledged = frame(4, flags: acknowledged, stream: 0)

    static func ping(acknowledged isAcknowledged: Bool = false) -> [UInt8] {
        self.frame(6, flags: isAcknowledged ? self.acknowledged : 0, stream: 0, [UInt8](repeating: 7, count: 8))
    }

    static func goAway(last: UInt32 = 0, code: UInt32 = 0) -> [UInt8] {
        self.frame(7, stream: 0, self.number(last) + self.number(code))
    }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        self.frame(8, stream: stream, self.number(increment))
    }

    static func continuation(_ stream: UInt32, _ block: [UInt8], end: Bool) -> [UInt8] {
        self.frame(9, flags: end ? self.endHeaders : 0, stream: stream, block)
    }

    /// A header block of literals that nobody remembers, without Huffman (RFC 7541 §6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0x00] + self.string(Array($0.0.utf8)) + self.string(Array($0.1.utf8)) }
    }

    static func string(_ bytes: [UInt8]) -> [UInt8] {
        self.integer(bytes.count, prefix: 7) + bytes
    }

    /// An integer with a prefix of so many bits, whose other bits are zero (RFC 7541 §5.1).
    static func integer(_ number: Int, prefix: Int) -> [UInt8] {
        let largest = 1 << prefix - 1
        guard number >= largest else { return [UInt8(number)] }
        var bytes = [UInt8(largest)]
        var rest = number - largest
        while rest >= 128 {
            bytes.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        return bytes + [UInt8(rest)]
    }

    /// The fields that a request begins with.
    static func request(
        _ method: String = "GET", _ path: String = "/", authority: String? = "a", scheme: String = "https",
        with more: [(String, String)] = []
    ) -> [(String, String)] {
        [(":method", method), (":scheme", scheme), (":path", path)] + (authority.map { [(":authority", $0)] } ?? [])
            + more
    }

    static func get(_ stream: UInt32, _ path: String = "/", _ more: [(String, String)] = []) -> [UInt8] {
        self.headers(stream, self.request("GET", path, with: more))
    }

    static func post(_ stream: UInt32, _ path: String = "/", _ more: [(String, String)] = []) -> [UInt8] {
        self.headers(stream, self.request("POST", path, with: more), end: false)
    }
}
