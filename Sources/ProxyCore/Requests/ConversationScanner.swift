internal import Crypto

/// Finds in the history that a request carries what tells its conversation: `messages` of Chat Completions and of
/// Anthropic's Messages, `input` of Responses, `contents` of Gemini.
///
/// It is told of names, values and brackets by ``JSONTopLevelScanner`` while the body passes, and keeps nothing of it.
///
/// The digest is over the texts of the user's messages in front of the first answer of a model. That part of a conversation
/// stays as it is for its whole life, whoever sends it: the system prompt is left out because some callers change it with
/// every call (a date, a billing line), markers such as `cache_control` because they wander through the messages, and
/// names and forms because a text is written as a string at one time and as a part at another. Two conversations that begin
/// alike have the same digest. It goes by the spelling of strings: who escapes them differently has another digest.
struct ConversationScanner: Sendable {
    /// Of how many bytes of text the digest is made; of what follows, only the length counts.
    static let digestedBytes = 64 << 10
    /// How many of these bytes each text costs beyond its own, so that many small ones are bounded too.
    private static let textCost = 64
    /// The longest role, type or mark that is kept.
    private static let maximumMarkLength = 32
    /// The deepest object whose names are looked at.
    private static let maximumNameDepth = 9

    /// The member that holds a history.
    private enum History: Sendable {
        case messages
        case input
        case contents
    }

    /// A name that means something inside a history.
    private enum Word: Sendable {
        case role
        case type
        /// `content`, and `parts` of Gemini.
        case content
        /// The proof of a thinking block, or of `reasoning_details`.
        case signature
        /// The proof of a thought of Gemini.
        case thoughtSignature
        case encryptedContent
        /// Lists of proven thoughts next to the content: `reasoning_details`, `thinking_blocks`.
        case thoughts
        /// Whatever says what the user said or showed.
        case text
    }

    /// Whether the history holds an answer of a model.
    private(set) var hasAnswer = false
    /// Whether the history holds what only the account that made it understands.
    private(set) var isBound = false
    /// Whether the string that is being read is digested.
    private(set) var isDigesting = false
    /// Whether the text stands inside a history.
    private(set) var isInside = false

    /// The member of the top-level object whose name was read last, if it holds a history.
    private var history: History?
    private var historyCount = 0
    /// The name that was read last.
    private var word: Word?
    /// The member of the present message that is an array or object and was not closed yet.
    private var part: Word?
    /// What the string that is being read is the value of.
    private var stringWord: Word?

    private var role: Role?
    private var itemType = ItemType.other
    private var message = Digest()
    private var whole = Digest()
    private var budget = Self.digestedBytes

    /// Who speaks.
    private enum Role: Sendable {
        case user
        case model
        case other
    }

    /// What an item of Responses is.
    private enum ItemType: Sendable {
        case other
        /// Made by a model: a call, its reasoning.
        case made
        /// A reference to an earlier item, which the account keeps.
        case reference
    }

    /// A digest that costs nothing until something is added.
    private struct Digest: Sendable {
        var hash: SHA256?
        /// How many bytes of text were beyond the bound.
        var rest: UInt64 = 0

        var isEmpty: Bool { self.hash == nil && self.rest == 0 }

        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            var hash = self.hash.take() ?? SHA256()
            hash.update(bufferPointer: bytes)
            self.hash = hash
        }

        mutating func finalize() -> [UInt8] {
            var hash = self.hash.take() ?? SHA256()
            withUnsafeBytes(of: self.rest.littleEndian) { hash.update(bufferPointer: $0) }
            self.rest = 0
            return Array(hash.finalize())
        }
    }

    /// The digest; `nil` if no user has spoken before the model, or there is more than one history.
    var digest: [UInt8]? {
        guard self.historyCount == 1, !self.whole.isEmpty else { return nil }
        var whole = self.whole
        return whole.finalize()
    }
}

// MARK: What the text consists of

extension ConversationScanner {
    /// Whether the name of a member at this depth, 1 being the top-level object, has to be kept.
    func wantsName(at depth: Int) -> Bool { self.isInside && depth <= Self.maximumNameDepth }

    /// A name was read; `nil` for one that was not kept.
    mutating func readName(_ name: [UInt8]?, at depth: Int) {
        guard depth > 1 else {
            self.history = name.flatMap(Self.history)
            return
        }
        self.word = name.flatMap(Self.word)
    }

    /// A string begins; returns how many bytes of it have to be kept.
    mutating func beginString(at depth: Int) -> Int {
        guard self.isInside else {
            // `input` of Responses may be the user's message itself.
            guard depth == 1, self.history == .input else { return 0 }
            self.historyCount += 1
            self.beginText()
            return 0
        }
        guard let word = self.word.take() else { return 0 }
        self.stringWord = word
        switch word {
        case .role, .type, .signature, .thoughtSignature, .encryptedContent:
            return Self.maximumMarkLength
        case .content:
            if depth == 3 { self.beginText() }
        case .text:
            if depth > 3, self.part == .content { self.beginText() }
        case .thoughts:
            break
        }
        return 0
    }

    /// Takes a part of the string that is being read, as it is written.
    mutating func digest(_ bytes: UnsafeRawBufferPointer) {
        let taken = min(bytes.count, self.budget)
        self.budget -= taken
        self.message.rest += UInt64(bytes.count - taken)
        if taken > 0 { self.message.add(UnsafeRawBufferPointer(rebasing: bytes[..<taken])) }
    }

    /// The string has ended; `text` is `nil` for one that was longer than what was kept.
    mutating func endString(_ text: [UInt8]?, at depth: Int) {
        if self.isDigesting {
            self.isDigesting = false
            if !self.isInside { self.endMessage(isUser: true) }
        }
        guard let word = self.stringWord.take() else { return }
        switch word {
        case .role where depth == 3:
            self.role = Self.role(text)
        case .type where depth == 3:
            self.itemType = Self.itemType(text)
        case .type where depth == 5 && self.holdsThoughts:
            if text.map(Self.isSealed) ?? false { self.isBound = true }
        case .signature where depth == 5 && self.holdsThoughts,
            .encryptedContent where depth == 3 && self.history == .input,
            .thoughtSignature:
            if text != [] { self.isBound = true }
        default:
            break
        }
    }

    /// A number or literal has ended.
    mutating func endScalar() {
        self.word = nil
    }

    /// An array or object begins in this depth.
    mutating func open(isObject: Bool, in depth: Int) {
        let word = self.word.take()
        switch depth {
        case 1:
            guard self.history != nil, !isObject else { return }
            self.isInside = true
            self.historyCount += 1
        case 2 where self.isInside:
            self.role = nil
            self.itemType = .other
            self.message = Digest()
        case 3 where self.isInside:
            self.part = word
        default:
            break
        }
    }

    /// An array or object has ended, and the text stands in this depth again.
    mutating func close(to depth: Int) {
        guard self.isInside else { return }
        switch depth {
        case 1:
            self.isInside = false
            self.history = nil
        case 2: self.endItem()
        case 3: self.part = nil
        default: break
        }
    }

    private var holdsThoughts: Bool { self.part == .content || self.part == .thoughts }

    /// Begins a text of the user, unless it is known to be somebody else's or to follow an answer.
    private mutating func beginText() {
        guard !self.hasAnswer, self.role == nil || self.role == .user else { return }
        self.isDigesting = true
        self.budget = max(0, self.budget - Self.textCost)
    }

    private mutating func endItem() {
        let isInput = self.history == .input
        if isInput, self.itemType == .reference { self.isBound = true }
        if self.role == .model || (isInput && self.itemType != .other) { self.hasAnswer = true }
        // A content of Gemini without a role is the user's.
        self.endMessage(isUser: self.role == .user || (self.role == nil && self.history == .contents))
    }

    private mutating func endMessage(isUser: Bool) {
        defer { self.message = Digest() }
        guard isUser, !self.hasAnswer, !self.message.isEmpty else { return }
        if self.message.hash == nil {
            self.whole.rest += self.message.rest
        } else {
            self.message.finalize().withUnsafeBytes { self.whole.add($0) }
        }
    }
}

// MARK: Names and marks

extension ConversationScanner {
    private static func history(_ name: [UInt8]) -> History? {
        switch name.count {
        case 5: name.spells("input") ? .input : nil
        case 8: name.spells("messages") ? .messages : name.spells("contents") ? .contents : nil
        default: nil
        }
    }

    private static func word(_ name: [UInt8]) -> Word? {
        switch name.count {
        case 3: name.spells("url") || name.spells("uri") ? .text : nil
        case 4:
            name.spells("role")
                ? .role
                : name.spells("type")
                    ? .type : name.spells("text") || name.spells("data") ? .text : nil
        case 5: name.spells("parts") ? .content : nil
        case 7: name.spells("content") ? .content : name.spells("file_id") ? .text : nil
        case 8: name.spells("file_uri") || name.spells("fileUri") ? .text : nil
        case 9:
            name.spells("signature")
                ? .signature
                : name.spells("image_url") || name.spells("file_data") ? .text : nil
        case 15: name.spells("thinking_blocks") ? .thoughts : nil
        case 16: name.spells("thoughtSignature") ? .thoughtSignature : nil
        case 17:
            name.spells("encrypted_content")
                ? .encryptedContent
                : name.spells("thought_signature")
                    ? .thoughtSignature : name.spells("reasoning_details") ? .thoughts : nil
        default: nil
        }
    }

    private static func role(_ text: [UInt8]?) -> Role {
        guard let text else { return .other }
        if text.spells("user") { return .user }
        return text.spells("assistant") || text.spells("model") ? .model : .other
    }

    /// All items that a model makes apart from messages are its reasoning, calls of tools, and summaries of both.
    private static func itemType(_ text: [UInt8]?) -> ItemType {
        guard let text else { return .other }
        if text.spells("item_reference") { return .reference }
        let isMade =
            text.spells("reasoning") || text.spells("compaction")
            || Array(text.suffix(5)).spells("_call")
        return isMade ? .made : .other
    }

    /// Whether a block of this type is one that only its maker can open.
    private static func isSealed(_ type: [UInt8]) -> Bool {
        type.spells("redacted_thinking") || type.spells("reasoning.encrypted")
    }
}

extension [UInt8] {
    /// Whether the bytes are those of a text; several times as fast as comparing with a `String`.
    func spells(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            guard self.count == text.count else { return false }
            for index in text.indices where self[index] != text[index] { return false }
            return true
        }
    }
}
