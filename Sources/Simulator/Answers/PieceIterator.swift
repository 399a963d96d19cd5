import NIOCore

/// Goes through the pieces of a body and writes them one at a time.
struct PieceIterator: Sendable {
    /// What the piece was that has just been written.
    enum Kind: Sendable, Equatable {
        case event
        case other
    }

    private static let fillerPiece = 65536
    private static let filler = ByteBuffer(repeating: UInt8(ascii: "x"), count: fillerPiece)

    private let segments: [AnswerScript.Segment]
    private var segment = 0
    private var index = 0

    /// Starts at the first piece.
    init(_ body: AnswerScript.Body) {
        self.segments = body.segments
    }

    /// Whether the piece that comes next is an event, or `nil` at the end.
    var upcoming: Kind? {
        var segment = self.segment
        var index = self.index
        while segment < self.segments.count {
            switch self.segments[segment] {
            case .piece(_, let isEvent):
                return isEvent ? .event : .other
            case .repeated(_, let text, let isEvent) where index < text.count:
                return isEvent ? .event : .other
            case .filler(let count) where index < count:
                return .other
            case .repeated, .filler:
                segment += 1
                index = 0
            }
        }
        return nil
    }

    /// Appends the next piece to `buffer`; `nil` at the end.
    mutating func next(into buffer: inout ByteBuffer) -> Kind? {
        while self.segment < self.segments.count {
            switch self.segments[self.segment] {
            case .piece(let bytes, let isEvent):
                self.segment += 1
                self.index = 0
                buffer.writeImmutableBuffer(bytes)
                return isEvent ? .event : .other
            case .repeated(let template, let text, let isEvent) where self.index < text.count:
                template.write(self.index, of: text, into: &buffer)
                self.index += 1
                return isEvent ? .event : .other
            case .filler(let count) where self.index < count:
                let size = min(Self.fillerPiece, count - self.index)
                self.index += size
                if let slice = Self.filler.getSlice(at: 0, length: size) { buffer.writeImmutableBuffer(slice) }
                return .other
            case .repeated, .filler:
                self.segment += 1
                self.index = 0
            }
        }
        return nil
    }
}
