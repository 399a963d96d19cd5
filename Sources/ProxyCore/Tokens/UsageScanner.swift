/// Looks through JSON texts for what they tell of tokens, in pieces of any size: one text, several in a row as in NDJSON,
/// or an array of objects at the top.
///
/// Memory does not grow with the text: a usage object is kept up to ``largestUsageObject``, names and short values up to
/// smaller bounds, everything else is stepped over. It is not a judge of JSON: what cannot be followed ends the search, and
/// what was found before stands. Nesting is bounded as in ``JSONTopLevelScanner``.
struct UsageScanner: Sendable {
    /// A longer usage object is one of unknown shape, in bytes as it is written.
    static let largestUsageObject = 8_192
    /// A longer name is none that is looked for, in bytes as it is written: all escaped.
    static let longestName = 32 * 6
    /// A longer model, tier, type or number is not looked at, in bytes as it is written.
    static let longestValue = 256 * 6

    /// What may come next.
    enum State: UInt8, Sendable {
        /// White space, or a value at the top.
        case between
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
        /// The rest of a number, `true`, `false` or `null`.
        case scalar
        /// Nothing: what came is no JSON.
        case broken
    }

    private var state = State.between
    private var stack = JSONTopLevelScanner.BitStack()
    /// How deep the objects are nested that are looked at: 1 in an array at the top, else 0.
    private var rootDepth = 0
    private var place = Place.elsewhere
    /// What the member of the root object that is an array or object, and was not closed yet, holds.
    private var memberPlace = Place.elsewhere
    /// The name in front of the value that comes next.
    private var name = Name.other
    private var string = StringSkim()
    private var isName = false
    /// Whether the string that is being read is text of the answer.
    private var isText = false
    /// In how many brackets text stands that repeats other text; 0 if it does not.
    private var repetitionDepth = 0

    private var token = KeptToken()
    /// In how many brackets the usage object stands that is being read, where that is, and whether it is Gemini's.
    private var usageDepth = 0
    private var usagePlace = Place.elsewhere
    private var isUsageMetadata = false
    /// The model and the tier that were found last, as they are written: streams repeat them in every event.
    private var lastModel: [UInt8] = []
    private var lastServiceTier: [UInt8] = []

    /// Whether it is noted where the values stand on whose content nothing depends, but for the length of text.
    ///
    /// To be turned on between two texts, for one that comes in one piece.
    var notesGaps = false {
        didSet {
            self.gaps = []
            self.gapTextLength = 0
        }
    }
    /// Those values, as they stand in the piece.
    private(set) var gaps: [EventPattern.Gap] = []
    /// How much of the text stands in them.
    private(set) var gapTextLength: Int64 = 0
    private var valueStart = 0

    /// What the root object that was not closed yet tells of itself.
    private var facts = Facts()
    private var isInRoot = false

    /// Whether everything that was begun was ended.
    var isAtRest: Bool { self.state == .between }

    /// How many bytes are kept between two pieces, for tests.
    var keptCapacity: Int { self.token.capacity + self.lastModel.capacity + self.lastServiceTier.capacity }

    /// Reads on from `index` to the next finding, and moves `index` behind it; `nil` if the bytes end before.
    ///
    /// To be called until it returns `nil`, then with the next piece.
    mutating func next(in bytes: UnsafeRawBufferPointer, from index: inout Int) -> Finding? {
        while index < bytes.count {
            switch self.state {
            case .string:
                guard self.string.read(bytes, &index) else { break }
                if let finding = self.endString(bytes, before: index - 1) { return finding }
            case .scalar:
                while index < bytes.count, Self.isScalar(bytes[index]) { index += 1 }
                guard index < bytes.count else { break }
                if let finding = self.endScalar(bytes, before: index) { return finding }
            case .broken:
                index = bytes.count
                return nil
            default:
                let byte = bytes[index]
                index += 1
                if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { break }
                if let finding = self.step(byte, bytes, behind: index) { return finding }
            }
        }
        self.token.endPiece(bytes)
        return nil
    }

    /// Ends the text, and begins another: what a root object tells of itself that was not closed.
    mutating func finish() -> Facts? {
        let isCut = self.isInRoot
        if isCut, self.state == .string, self.isText { self.facts.textLength += self.string.length }
        if self.stack.depth > 0 { self.stack = JSONTopLevelScanner.BitStack() }
        self.state = .between
        self.rootDepth = 0
        self.place = .elsewhere
        self.name = .other
        self.isText = false
        self.repetitionDepth = 0
        self.isInRoot = false
        self.token.end()
        return isCut ? self.facts : nil
    }
}

// MARK: Structure

extension UsageScanner {
    private static func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7A, 0x41...0x5A, 0x2B, 0x2D, 0x2E: true
        default: false
        }
    }

    /// Takes a byte that is no white space, `end` being the index behind it.
    @inline(__always)
    private mutating func step(_ byte: UInt8, _ bytes: UnsafeRawBufferPointer, behind end: Int) -> Finding? {
        switch (self.state, byte) {
        case (.name, 0x22), (.nameOrEnd, 0x22):
            self.beginString(isName: true)
            if self.token.purpose != .usage { self.token.begin(.name, at: end) }
        case (.colon, 0x3A): self.state = .value
        case (.commaOrEnd, 0x2C): self.state = self.stack.isObject ? .name : .value
        case (.nameOrEnd, 0x7D): return self.close(bytes, before: end)
        case (.valueOrEnd, 0x5D): return self.close(bytes, before: end)
        case (.commaOrEnd, 0x7D) where self.stack.isObject: return self.close(bytes, before: end)
        case (.commaOrEnd, 0x5D) where !self.stack.isObject: return self.close(bytes, before: end)
        case (.value, _), (.valueOrEnd, _): self.beginValue(byte, behind: end)
        // A byte order mark is no part of a text, and does no harm (RFC 8259 §8.1).
        case (.between, 0xEF), (.between, 0xBB), (.between, 0xBF): break
        case (.between, _): self.beginValue(byte, behind: end)
        default: self.fail()
        }
        return nil
    }

    private mutating func fail() {
        self.state = .broken
        self.token.end()
    }

    private mutating func beginValue(_ byte: UInt8, behind end: Int) {
        let name = self.name
        self.name = .other
        if self.place == .choices {
            self.facts.choices = .filled
        } else if name == .choices, self.place == .root {
            // More than one such member, or one that is no array, is nothing that is understood.
            self.facts.choices = self.facts.choices == .missing && byte == 0x5B ? .empty : .filled
        }
        switch byte {
        case 0x22:
            self.beginString(isName: false)
            self.valueStart = end
            self.isText = self.repetitionDepth == 0 && self.isText(name)
            if name != .other, let purpose = self.purpose(ofText: name) { self.token.begin(purpose, at: end) }
        case 0x7B, 0x5B: self.open(name, isObject: byte == 0x7B, behind: end)
        case 0x2D, 0x30...0x39, 0x74, 0x66, 0x6E:
            self.state = .scalar
            self.valueStart = end - 1
            if self.place == .root, name == .promptEvalCount || name == .evalCount {
                self.token.begin(.count(isPrompt: name == .promptEvalCount), at: end - 1)
            }
        default: self.fail()
        }
    }

    private mutating func open(_ name: Name, isObject: Bool, behind end: Int) {
        let depth = self.stack.depth
        guard depth < JSONTopLevelScanner.maximumDepth else { return self.fail() }
        if depth == 0 { self.rootDepth = isObject ? 0 : 1 }
        switch depth - self.rootDepth {
        case 0 where isObject:
            self.facts = Facts(isElement: self.rootDepth > 0)
            self.isInRoot = true
            self.place = .root
        case 1 where self.isInRoot:
            if isObject, name == .usage { self.facts.hasUsage = true }
            self.beginUsage(name, isObject: isObject, behind: end)
            self.memberPlace = Place(of: name, isObject: isObject)
            self.place = self.memberPlace
        case 2 where self.isInRoot:
            self.beginUsage(name, isObject: isObject, behind: end)
            self.place = self.place == .choices && isObject ? .choice : .elsewhere
        default:
            self.beginUsage(name, isObject: isObject, behind: end)
            self.place = .elsewhere
        }
        self.stack.push(isObject: isObject)
        if name == .reasoningDetails, self.repetitionDepth == 0 { self.repetitionDepth = depth + 1 }
        self.state = isObject ? .nameOrEnd : .valueOrEnd
    }

    private mutating func beginUsage(_ name: Name, isObject: Bool, behind end: Int) {
        guard isObject, self.place.holdsUsage(name) else { return }
        self.token.begin(.usage, at: end - 1)
        self.usageDepth = self.stack.depth
        self.usagePlace = self.place
        self.isUsageMetadata = name == .usageMetadata
    }

    private mutating func close(_ bytes: UnsafeRawBufferPointer, before end: Int) -> Finding? {
        let wasObject = self.stack.isObject
        self.stack.pop()
        let depth = self.stack.depth
        self.state = depth == 0 ? .between : .commaOrEnd
        if depth < self.repetitionDepth { self.repetitionDepth = 0 }
        switch depth - self.rootDepth {
        case 0:
            self.place = .elsewhere
            guard wasObject, self.isInRoot else { return nil }
            self.isInRoot = false
            return .end(self.facts)
        case 1: self.place = self.isInRoot ? .root : .elsewhere
        case 2: self.place = self.isInRoot ? self.memberPlace : .elsewhere
        default:
            self.place =
                depth - self.rootDepth == 3 && self.memberPlace == .choices && self.stack.isObject
                ? .choice : .elsewhere
        }
        guard self.token.purpose == .usage, depth == self.usageDepth else { return nil }
        defer { self.token.end() }
        return self.token.written(bytes, before: end) { JSONValue(parsing: Array($0)) }
            .map { .usage($0, in: self.usagePlace, isMetadata: self.isUsageMetadata) }
    }
}

// MARK: Strings and scalars

extension UsageScanner {
    private mutating func beginString(isName: Bool) {
        self.string.begin()
        self.isName = isName
        self.state = .string
    }

    /// Whether a string in this member is text of the answer.
    private func isText(_ name: Name) -> Bool {
        switch name {
        case .text, .delta: true
        // Ollama's `generate` has its text there.
        case .response: self.place == .root
        default: false
        }
    }

    /// What a string in this member has to be kept for; `nil` if it has not.
    private func purpose(ofText name: Name) -> KeptToken.Purpose? {
        guard self.token.purpose != .usage else { return nil }
        switch (name, self.place) {
        case (.type, .root): return .type
        case (.model, .root), (.model, .response), (.model, .message): return .model
        case (.serviceTier, .root), (.serviceTier, .response), (.serviceTier, .message): return .serviceTier
        case (.promptEvalCount, .root), (.evalCount, .root):
            return .count(isPrompt: name == .promptEvalCount)
        default: return nil
        }
    }

    /// A string has ended, its closing quote standing at `end`.
    private mutating func endString(_ bytes: UnsafeRawBufferPointer, before end: Int) -> Finding? {
        if self.isName {
            self.state = .colon
            if self.token.purpose == .name {
                self.name =
                    self.token.decoded(bytes, before: end, hasEscapes: self.string.hasEscapes) { Name($0) } ?? .other
                self.token.end()
            }
            return nil
        }
        self.endValue()
        if self.notesGaps, self.token.purpose == .none {
            self.note(self.isText ? .text : .string, before: end)
            if self.isText { self.gapTextLength += self.string.length }
        }
        if self.isText {
            self.facts.textLength += self.string.length
            self.isText = false
        }
        guard self.token.purpose != .none, self.token.purpose != .usage else { return nil }
        defer { self.token.end() }
        switch self.token.purpose {
        case .type:
            self.facts.kind =
                self.token.decoded(bytes, before: end, hasEscapes: self.string.hasEscapes) { Kind($0) } ?? .other
            return nil
        case .model:
            guard let changed = self.token.written(unless: self.lastModel, bytes, before: end) else { return nil }
            self.lastModel = changed
            return self.token.decoded(bytes, before: end, hasEscapes: self.string.hasEscapes) {
                .model(String(decoding: $0, as: UTF8.self))
            }
        case .serviceTier:
            guard let changed = self.token.written(unless: self.lastServiceTier, bytes, before: end) else { return nil }
            self.lastServiceTier = changed
            return self.token.decoded(bytes, before: end, hasEscapes: self.string.hasEscapes) {
                .serviceTier(String(decoding: $0, as: UTF8.self))
            }
        case .count(let isPrompt):
            return self.token.decoded(bytes, before: end, hasEscapes: self.string.hasEscapes) {
                .count(String(decoding: $0, as: UTF8.self), isPrompt: isPrompt)
            }
        case .none, .name, .usage: return nil
        }
    }

    /// A number or literal has ended in front of `end`.
    private mutating func endScalar(_ bytes: UnsafeRawBufferPointer, before end: Int) -> Finding? {
        self.endValue()
        if self.notesGaps, self.token.purpose == .none,
            bytes[self.valueStart..<end].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        {
            self.note(.number, before: end)
        }
        guard case .count(let isPrompt) = self.token.purpose else { return nil }
        defer { self.token.end() }
        return self.token.written(bytes, before: end) {
            .count(String(decoding: $0, as: UTF8.self), isPrompt: isPrompt)
        }
    }

    private mutating func note(_ kind: EventPattern.Gap.Kind, before end: Int) {
        self.gaps.append(
            EventPattern.Gap(
                start: UInt32(clamping: self.valueStart), end: UInt32(clamping: end), kind: kind))
    }

    private mutating func endValue() {
        self.state = self.stack.isEmpty ? .between : .commaOrEnd
    }
}
