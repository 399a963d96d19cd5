/// Reads the answers of one connection: the status, the chunks, and within them the times that events carry.
///
/// It goes byte by byte and keeps next to nothing, so an answer may come in any pieces.
struct AnswerReader {
    /// How an answer is or was.
    struct Answer: Equatable {
        /// The HTTP status, once its line is complete.
        var status = 0
        /// Events that carried a time.
        var events = 0
        /// Whether `[DONE]` was seen.
        var isMarkedDone = false
        /// Whether the last chunk was.
        var isOver = false
    }

    private enum State {
        case head, size, data, afterData, trailer
    }

    private static let done = Array("[DONE]".utf8)
    private static let headLimit = 64 << 10

    /// The answer that is being read, or has just ended.
    private(set) var answer = Answer()
    /// Whether what came is no chunked answer of status 200; nothing is read behind that.
    private(set) var isBroken = false
    private var state = State.head
    private var head: [UInt8] = []
    private var left = 0
    private var lineLength = 0
    private var digits = -1
    private var time: UInt64 = 0
    private var doneMatched = 0

    /// Begins the next answer.
    mutating func begin() {
        self = AnswerReader()
    }

    /// Takes bytes and hands on the time of each event.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ event: (UInt64) -> Void) {
        for byte in bytes {
            guard !self.isBroken, !self.answer.isOver else { return }
            switch self.state {
            case .head: self.takeHead(byte)
            case .size: self.takeSize(byte)
            case .data:
                self.takeData(byte, event)
                self.left -= 1
                if self.left == 0 { self.state = .afterData }
            case .afterData: if byte == 10 { self.state = .size }
            case .trailer: self.takeTrailer(byte)
            }
        }
    }

    private mutating func takeHead(_ byte: UInt8) {
        self.head.append(byte)
        guard byte == 10, self.head.suffix(4) == [13, 10, 13, 10] else {
            self.isBroken = self.head.count > Self.headLimit
            return
        }
        let text = String(decoding: self.head, as: UTF8.self).lowercased()
        self.answer.status = Int(text.dropFirst("http/1.1 ".count).prefix(3)) ?? 0
        self.isBroken = self.answer.status != 200 || !text.contains("transfer-encoding: chunked")
        self.state = .size
    }

    private mutating func takeSize(_ byte: UInt8) {
        if byte == 10 {
            self.state = self.left == 0 ? .trailer : .data
        } else if let digit = Self.hexadecimal(byte), self.left < 1 << 32 {
            self.left = self.left * 16 + digit
        } else if byte != 13 {
            self.isBroken = true
        }
    }

    private mutating func takeData(_ byte: UInt8, _ event: (UInt64) -> Void) {
        if self.digits >= 0 {
            self.time = self.time &* 10 &+ UInt64(byte &- 48)
            self.digits += 1
            if self.digits == EventBytes.digits {
                self.digits = -1
                self.answer.events += 1
                event(self.time)
            }
        } else if byte == EventBytes.mark {
            self.digits = 0
            self.time = 0
        }
        self.doneMatched = byte == Self.done[self.doneMatched] ? self.doneMatched + 1 : byte == Self.done[0] ? 1 : 0
        if self.doneMatched == Self.done.count {
            self.answer.isMarkedDone = true
            self.doneMatched = 0
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) {
        if byte == 10 {
            self.answer.isOver = self.lineLength == 0
            self.lineLength = 0
        } else if byte != 13 {
            self.lineLength += 1
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}
