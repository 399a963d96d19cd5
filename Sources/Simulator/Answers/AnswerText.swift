import NIOCore

/// The text of an answer as the content of its events: either numbered pieces that are made when they are needed, or
/// pieces that are given.
enum AnswerText: Sendable, Equatable {
    /// `count` pieces, each beginning with its number; `bytes` is the length of each, as far as the number leaves room.
    case numbered(count: Int, bytes: Int?)
    /// The pieces themselves.
    case pieces([String])

    /// How many pieces there are.
    var count: Int {
        switch self {
        case .numbered(let count, _): count
        case .pieces(let pieces): pieces.count
        }
    }

    /// Length of all pieces together, in bytes of UTF-8.
    var totalBytes: Int {
        switch self {
        case .pieces(let pieces):
            return pieces.reduce(0) { $0 + $1.utf8.count }
        case .numbered(let count, let bytes):
            var total = 0
            var first = 1
            var digits = 1
            while first <= count {
                let last = min(first * 10 - 1, count)
                total += (last - first + 1) * Self.length(digits: digits, bytes: bytes)
                first *= 10
                digits += 1
            }
            return total
        }
    }

    /// The count of tokens that is reported for this text: a quarter of its bytes, rounded up.
    var tokens: Int {
        (self.totalBytes + 3) / 4
    }

    /// Appends piece `index` (from 0) as the inside of a JSON text to `buffer`.
    func write(piece index: Int, into buffer: inout ByteBuffer) {
        switch self {
        case .pieces(let pieces):
            let quoted = JSONValue.string(pieces[index]).bytes
            buffer.writeBytes(quoted[1..<(quoted.count - 1)])
        case .numbered(_, nil):
            buffer.writeString("Event \(index + 1). ")
        case .numbered(_, let bytes?):
            let number = "\(index + 1) "
            buffer.writeString(number)
            let padding = bytes - number.utf8.count
            if padding > 0 { buffer.writeRepeatingByte(UInt8(ascii: "a") + UInt8(index % 26), count: padding) }
        }
    }

    /// The whole text, or its beginning where it is longer than `limit` bytes.
    func whole(limit: Int = 1 << 20) -> String {
        var buffer = ByteBuffer()
        switch self {
        case .pieces(let pieces):
            for piece in pieces where buffer.readableBytes < limit { buffer.writeString(piece) }
        case .numbered(let count, _):
            var index = 0
            while index < count, buffer.readableBytes < limit {
                self.write(piece: index, into: &buffer)
                index += 1
            }
        }
        return String(buffer: buffer)
    }

    private static func length(digits: Int, bytes: Int?) -> Int {
        guard let bytes else { return "Event . ".utf8.count + digits }
        return max(bytes, digits + 1)
    }
}
