import NIOCore
import ProxyCore

/// Turns the bytes of a connection into requests, one step at a time and never further than asked: bytes that were
/// not asked for stay bytes, so that nothing after a refused or last request is ever looked at.
struct RequestReader {
    /// The next thing in the bytes.
    enum Step: Equatable {
        /// Nothing complete is left.
        case needsMore
        /// A request begins.
        case head(SoundHead)
        /// A piece of its body, never empty.
        case body(ByteBuffer)
        /// Its body is complete; there is one of these for each head.
        case end
        /// The bytes are not served. Nothing more comes.
        case refused(HeadRefusal)
    }

    private enum Position {
        case head
        case length(Int64)
        case chunked(ChunkedBodyDecoder)
        case refused
    }

    private var buffer = ByteBuffer()
    private var parser: HeadParser
    private var position = Position.head

    /// Makes a reader whose heads have at most `maximumHeaderBytes`.
    init(maximumHeaderBytes: Int) {
        self.parser = HeadParser(maximumBytes: maximumHeaderBytes)
    }

    /// How many bytes wait.
    var bufferedBytes: Int { self.buffer.readableBytes }

    /// How many bytes of the present body have not been handed on yet; `nil` where nobody knows.
    var remainingLength: Int64? {
        switch self.position {
        case .head, .refused: 0
        case .length(let remaining): remaining
        case .chunked: nil
        }
    }

    /// Adds what came from the socket.
    mutating func append(_ bytes: ByteBuffer) {
        if self.buffer.readableBytes == 0 {
            self.buffer = bytes
        } else {
            // What was read stays in front otherwise: of requests sent in a row, whose reads end within one, that is all.
            self.buffer.discardReadBytes()
            self.buffer.writeImmutableBuffer(bytes)
        }
    }

    /// Forgets what waits.
    mutating func discardAll() {
        self.buffer = ByteBuffer()
        self.position = .refused
    }

    /// Takes the next step.
    mutating func next() -> Step {
        switch self.position {
        case .head:
            guard self.buffer.readableBytes > 0 else { return .needsMore }
            switch self.parser.parse(&self.buffer) {
            case .needsMore:
                return .needsMore
            case .refused(let refusal):
                return self.refuse(refusal)
            case .complete(let head):
                switch head.body {
                case .none: self.position = .length(0)
                case .length(let length): self.position = .length(length)
                case .chunked: self.position = .chunked(ChunkedBodyDecoder())
                }
                self.letGo()
                return .head(head)
            }
        case .length(0):
            self.position = .head
            return .end
        case .length(let remaining):
            let count = Int(min(remaining, Int64(self.buffer.readableBytes)))
            guard count > 0, let piece = self.buffer.readSlice(length: count) else { return .needsMore }
            self.position = .length(remaining - Int64(count))
            self.letGo()
            return .body(piece)
        case .chunked(var decoder):
            let step = decoder.next(&self.buffer)
            self.position = .chunked(decoder)
            self.letGo()
            switch step {
            case .needsMore:
                return .needsMore
            case .piece(let piece):
                return .body(piece)
            case .end:
                self.position = .head
                return .end
            case .malformed:
                return self.refuse(HeadRefusal(reason: .malformed))
            case .tooLarge:
                return self.refuse(HeadRefusal(reason: .headersTooLarge))
            }
        case .refused:
            return .needsMore
        }
    }

    /// A buffer that is read to its end is not kept for as long as the answer takes.
    private mutating func letGo() {
        if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() }
    }

    private mutating func refuse(_ refusal: HeadRefusal) -> Step {
        self.discardAll()
        return .refused(refusal)
    }
}
