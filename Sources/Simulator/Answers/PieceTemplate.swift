import NIOCore

/// A piece of an answer with holes for its content and its number in the stream.
struct PieceTemplate: Sendable, Equatable {
    /// What stands for the content in the JSON value from which a template is made.
    static let contentMarker = JSONValue.string("\u{E000}content\u{E000}")
    /// What stands for the sequence number in the JSON value from which a template is made.
    static let sequenceMarker = JSONValue.integer(9_007_199_254_740_881)
    /// The content alone.
    static let contentOnly = PieceTemplate(parts: [.content])

    private enum Part: Sendable, Equatable {
        case literal(ByteBuffer)
        case content
        case sequence
    }

    private var parts: [Part]
    /// Added to the index of a piece to get its sequence number.
    var firstSequence = 0

    private init(parts: [Part]) {
        self.parts = parts
    }

    /// Makes a template from a JSON value; the last content marker and the last sequence marker become holes.
    init(_ value: JSONValue, before: String = "", after: String = "") {
        let text = Array((before + value.text + after).utf8)
        var marks: [(range: Range<Int>, part: Part)] = []
        let content = Array(Self.contentMarker.bytes.dropFirst().dropLast())
        if let range = Self.lastRange(of: content, in: text) { marks.append((range, .content)) }
        if let range = Self.lastRange(of: Self.sequenceMarker.bytes, in: text) { marks.append((range, .sequence)) }
        marks.sort { $0.range.lowerBound < $1.range.lowerBound }
        self.parts = []
        var position = 0
        for mark in marks {
            self.parts.append(.literal(ByteBuffer(bytes: text[position..<mark.range.lowerBound])))
            self.parts.append(mark.part)
            position = mark.range.upperBound
        }
        self.parts.append(.literal(ByteBuffer(bytes: text[position...])))
    }

    /// What stands before and after the content, if the template has a hole for it and for nothing else.
    var split: (before: ByteBuffer, after: ByteBuffer)? {
        guard self.parts.count == 3, case .literal(let before) = self.parts[0], self.parts[1] == .content,
            case .literal(let after) = self.parts[2]
        else { return nil }
        return (before, after)
    }

    /// Appends piece `index` with the content of that piece of `text`.
    func write(_ index: Int, of text: AnswerText, into buffer: inout ByteBuffer) {
        for part in self.parts {
            switch part {
            case .literal(let literal): buffer.writeImmutableBuffer(literal)
            case .content: text.write(piece: index, into: &buffer)
            case .sequence: buffer.writeString(String(self.firstSequence + index))
            }
        }
    }

    private static func lastRange(of pattern: [UInt8], in text: [UInt8]) -> Range<Int>? {
        guard text.count >= pattern.count else { return nil }
        for start in stride(from: text.count - pattern.count, through: 0, by: -1)
        where text[start] == pattern[0] && text[start..<(start + pattern.count)].elementsEqual(pattern) {
            return start..<(start + pattern.count)
        }
        return nil
    }
}
