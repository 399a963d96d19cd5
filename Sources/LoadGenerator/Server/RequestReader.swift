/// Reads the requests of one connection: their target, and where their bodies end.
///
/// Each body needs a `Content-Length`.
struct RequestReader {
    /// What the bytes so far came to.
    enum Step: Equatable {
        /// More bytes are needed.
        case more
        /// A whole request for this target.
        case request(target: String)
        /// Not a request that is understood here.
        case malformed
    }

    private static let headLimit = 64 << 10
    private var buffer: [UInt8] = []
    private var target = ""
    private var bodyLeft: Int?

    /// Takes bytes as they come; those of a body are counted and not kept.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        let taken = self.buffer.isEmpty ? min(self.bodyLeft ?? 0, bytes.count) : 0
        if taken > 0 { self.bodyLeft = (self.bodyLeft ?? 0) - taken }
        if taken < bytes.count { self.buffer += bytes[taken...] }
    }

    /// The next step; to be asked again until it needs more.
    mutating func next() -> Step {
        if self.bodyLeft == nil {
            guard let end = Self.endOfHead(self.buffer) else {
                return self.buffer.count > Self.headLimit ? .malformed : .more
            }
            guard let head = Self.head(self.buffer[..<end]) else { return .malformed }
            self.target = head.target
            self.bodyLeft = head.length
            self.buffer.removeFirst(end)
        }
        let taken = min(self.bodyLeft ?? 0, self.buffer.count)
        self.buffer.removeFirst(taken)
        let left = (self.bodyLeft ?? 0) - taken
        guard left == 0 else {
            self.bodyLeft = left
            return .more
        }
        self.bodyLeft = nil
        return .request(target: self.target)
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 && bytes[index - 3] == 13 {
            return index + 1
        }
        return nil
    }

    private static func head(_ bytes: ArraySlice<UInt8>) -> (target: String, length: Int)? {
        let lines = bytes.split(separator: 10)
        guard let words = lines.first?.split(separator: 32), words.count == 3 else { return nil }
        var length: Int?
        for line in lines.dropFirst() {
            let text = String(decoding: line, as: UTF8.self).lowercased()
            if text.hasPrefix("transfer-encoding:") { return nil }
            guard text.hasPrefix("content-length:") else { continue }
            length = Int(text.dropFirst("content-length:".count).filter { $0.isASCII && $0.isNumber })
        }
        guard let length, length >= 0 else { return nil }
        return (String(decoding: words[1], as: UTF8.self), length)
    }
}
