public import NIOCore

/// Reads a JSON text in pieces of any size, checks that it is one (RFC 8259), and remembers where a few members of its
/// top-level object stand, so that the text can pass on byte for byte.
///
/// Memory does not grow with the text: names and values are kept only where they are asked for, and only up to a bound.
/// Strict: one value, no byte order mark, no trailing text, UTF-8 in strings.
public struct JSONTopLevelScanner: Sendable {
    /// The longest string value that is kept, in bytes of UTF-8.
    public static let maximumValueLength = 1_024
    /// How deep arrays and objects may be nested.
    public static let maximumDepth = 1_000

    /// The bytes that were fed so far.
    public private(set) var length: Int64 = 0
    /// What is wrong with the text, as soon as that is known.
    public private(set) var fault: Fault?
    /// Whether the text is an object.
    public private(set) var isObject = false
    /// Where a new member can be put in front of the others: behind the opening brace of the top-level object.
    public private(set) var insertionOffset: Int64?
    /// Whether the object `stream_options` has a member.
    public private(set) var hasStreamOption = false

    private var found = [Member?](repeating: nil, count: Name.allCases.count)
    private var state = State.value
    private var stack = BitStack()
    private var string = StringState()
    private var literal = LiteralState()
    private var valueStart: Int64 = 0
    /// The name that was read last, at the depths that are looked at.
    private var currentName: Name?
    /// The member at the top level whose value is being read.
    private var topLevelName: Name?
    /// What the history in it tells of its conversation.
    private(set) var history = ConversationScanner()

    /// Makes a scanner at the beginning of a text.
    public init() {}

    /// A member that was found; `nil` if it is not there.
    public subscript(name: Name) -> Member? { self.found[name.rawValue] }

    /// Reads a piece.
    public mutating func feed(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { self.feed($0) }
    }

    /// Reads a piece.
    ///
    /// After a fault pieces are only counted.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        let base = self.length
        self.length += Int64(bytes.count)
        guard self.fault == nil else { return }
        var index = 0
        do throws(Fault) {
            while index < bytes.count {
                if self.state == .string {
                    try self.readString(bytes, &index, base)
                } else {
                    try self.step(bytes[index], at: base + Int64(index))
                    index += 1
                }
            }
        } catch {
            self.fault = error
        }
    }

    /// Ends the text.
    ///
    /// Throws if it is no JSON.
    public mutating func finish() throws(Fault) {
        if self.fault == nil {
            if case .number = self.state, self.stack.isEmpty, self.literal.number.isComplete { self.state = .end }
            if self.state != .end { self.fault = Fault(reason: .incomplete, offset: self.length) }
        }
        if let fault = self.fault { throw fault }
    }
}

extension JSONTopLevelScanner {
    /// What may come next.
    private enum State: UInt8 {
        /// A value.
        case value
        /// A value, or the end of the array that has just begun.
        case valueOrEnd
        /// A name.
        case name
        /// A name, or the end of the object that has just begun.
        case nameOrEnd
        /// The colon behind a name.
        case colon
        /// A comma or the end of the array or object.
        case commaOrEnd
        /// The rest of a string.
        case string
        /// The rest of a number.
        case number
        /// The rest of `true`, `false` or `null`.
        case literal
        /// White space.
        case end
    }

    private mutating func step(_ byte: UInt8, at offset: Int64) throws(Fault) {
        switch self.state {
        case .number:
            guard !self.literal.number.accept(byte) else { return }
            guard self.literal.number.isComplete else { throw Fault(reason: .unexpectedByte, offset: offset) }
            self.endValue(.number, at: offset)
            return try self.step(byte, at: offset)
        case .literal:
            guard self.literal.accept(byte) else { throw Fault(reason: .unexpectedByte, offset: offset) }
            if let kind = self.literal.finished { self.endValue(kind, at: offset + 1) }
            return
        default:
            break
        }
        if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { return }
        switch (self.state, byte) {
        case (.value, _), (.valueOrEnd, _):
            if self.state == .valueOrEnd, byte == 0x5D { return self.close(at: offset + 1) }
            try self.beginValue(byte, at: offset)
        case (.name, 0x22), (.nameOrEnd, 0x22):
            let depth = self.stack.depth
            let isWatched =
                depth == 1 || (depth == 2 && self.topLevelName?.inner != nil) || self.history.wantsName(at: depth)
            self.string.begin(isName: true, keeping: isWatched ? StringState.maximumNameLength : 0)
            self.state = .string
        case (.nameOrEnd, 0x7D): self.close(at: offset + 1)
        case (.colon, 0x3A): self.state = .value
        case (.commaOrEnd, 0x2C): self.state = self.stack.isObject ? .name : .value
        case (.commaOrEnd, 0x7D) where self.stack.isObject: self.close(at: offset + 1)
        case (.commaOrEnd, 0x5D) where !self.stack.isObject: self.close(at: offset + 1)
        default: throw Fault(reason: .unexpectedByte, offset: offset)
        }
    }

    private mutating func beginValue(_ byte: UInt8, at offset: Int64) throws(Fault) {
        let isWatched = self.currentName != nil
        if isWatched { self.valueStart = offset }
        switch byte {
        case 0x22:
            let kept = self.history.beginString(at: self.stack.depth)
            let isKept = self.currentName?.isKept ?? false
            self.string.begin(isName: false, keeping: isKept ? Self.maximumValueLength : kept)
            self.state = .string
        case 0x7B, 0x5B:
            let isObject = byte == 0x7B
            guard self.stack.depth < Self.maximumDepth else { throw Fault(reason: .tooDeep, offset: offset) }
            if self.stack.isEmpty, isObject {
                self.isObject = true
                self.insertionOffset = offset + 1
            }
            if let name = self.currentName {
                if self.stack.depth == 1 { self.topLevelName = name }
                self.note(name, kind: isObject ? .object : .array, range: offset..<offset)
            }
            self.currentName = nil
            self.history.open(isObject: isObject, in: self.stack.depth)
            self.stack.push(isObject: isObject)
            self.state = isObject ? .nameOrEnd : .valueOrEnd
        case 0x2D, 0x30...0x39:
            self.literal.number = NumberState(byte)
            self.state = .number
        case 0x74, 0x66, 0x6E:
            self.literal.begin(byte)
            self.state = .literal
        default: throw Fault(reason: .unexpectedByte, offset: offset)
        }
    }

    /// A string, number or literal has ended in front of `offset`.
    private mutating func endValue(_ kind: Kind, at offset: Int64) {
        if let name = self.currentName {
            self.note(name, kind: kind, range: self.valueStart..<offset)
            self.currentName = nil
        }
        if case .string = kind {} else { self.history.endScalar() }
        self.state = self.stack.isEmpty ? .end : .commaOrEnd
    }

    /// An array or object has ended in front of `offset`.
    private mutating func close(at offset: Int64) {
        self.stack.pop()
        self.history.close(to: self.stack.depth)
        if self.stack.depth == 1, let name = self.topLevelName {
            self.extend(name, to: offset)
            self.topLevelName = nil
        } else if self.stack.depth == 2, let inner = self.topLevelName?.inner?.name, let member = self[inner],
            member.range.isEmpty
        {
            self.extend(inner, to: offset)
        }
        self.state = self.stack.isEmpty ? .end : .commaOrEnd
    }

    private mutating func note(_ name: Name, kind: Kind, range: Range<Int64>) {
        let occurrences = (self.found[name.rawValue]?.occurrences ?? 0) + 1
        self.found[name.rawValue] = Member(kind: kind, range: range, occurrences: occurrences)
    }

    private mutating func extend(_ name: Name, to offset: Int64) {
        guard let start = self.found[name.rawValue]?.range.lowerBound else { return }
        self.found[name.rawValue]?.range = start..<offset
    }

    private mutating func readString(
        _ bytes: UnsafeRawBufferPointer,
        _ index: inout Int,
        _ base: Int64
    ) throws(Fault) {
        let start = index
        let hasEnded = try self.string.read(bytes, &index, base)
        if self.history.isDigesting { self.history.digest(UnsafeRawBufferPointer(rebasing: bytes[start..<index])) }
        guard hasEnded else { return }
        let depth = self.stack.depth
        if self.string.isName {
            if depth == 2, self.topLevelName == .streamOptions { self.hasStreamOption = true }
            self.currentName = depth <= 2 ? self.watchedName(at: depth) : nil
            if depth == 1 || self.history.isInside { self.history.readName(self.string.keptBytes, at: depth) }
            self.state = .colon
        } else {
            self.history.endString(self.string.keptBytes, at: depth)
            self.endValue(.string(self.currentName == nil ? nil : self.string.keptText), at: base + Int64(index))
        }
    }

    private func watchedName(at depth: Int) -> Name? {
        guard let kept = self.string.keptBytes else { return nil }
        guard depth == 2 else { return Name(kept) }
        guard let inner = self.topLevelName?.inner else { return nil }
        return kept.spells(inner.text) ? inner.name : nil
    }
}
