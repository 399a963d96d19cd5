/// An error answer, or an error inside a stream, as the rules of the table look at it.
struct FailedAnswer {
    /// The status; `nil` inside a stream that names none.
    let status: Int?
    let headers: HeaderFields
    let details: ProviderErrorDetails
    let kind: ProviderKind
    let now: WallTime
    /// The names by which rules know the error, in lower case.
    let names: [String]
    /// The beginning of the message, in lower case.
    let message: MessageText

    init(status: Int?, headers: HeaderFields, details: ProviderErrorDetails, kind: ProviderKind, now: WallTime) {
        self.status = status
        self.headers = headers
        self.details = details
        self.kind = kind
        self.now = now
        self.names = details.names
        self.message = MessageText(details.message ?? "")
    }
}

/// The beginning of an error's message, in lower case, to look for phrases in.
struct MessageText {
    /// How much of a message is looked at, in bytes.
    static let maximumLength = 4_096

    let bytes: [UInt8]

    init(_ message: String) {
        self.bytes = message.utf8.prefix(Self.maximumLength).map(\.asciiLowercased)
    }

    /// Whether a phrase in lower case occurs.
    func contains(phrase: [UInt8]) -> Bool { self.bytes.firstOccurrence(of: phrase, from: 0) != nil }

    /// Of pairs of a phrase and what it stands for, the one whose phrase stands first in the text.
    func earliest(of phrases: KeyValuePairs<String, String>) -> String? {
        var earliest: (position: Int, meaning: String)?
        for (phrase, meaning) in phrases {
            guard let position = self.bytes.firstOccurrence(of: Array(phrase.utf8), from: 0) else { continue }
            if let known = earliest, known.position <= position { continue }
            earliest = (position, meaning)
        }
        return earliest?.meaning
    }
}

/// A phrase in lower case that rules look for in messages.
///
/// `…` stands for any text between two parts. A phrase that ends in a digit is not found within a longer number.
struct TextPattern: Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    let description: String
    private let parts: [[UInt8]]
    private let endsInDigit: Bool

    init(stringLiteral value: String) {
        self.description = value
        self.parts = value.split(separator: "…").map { Array($0.utf8) }
        self.endsInDigit = (value.utf8.last).map { (0x30...0x39).contains($0) } ?? false
    }

    /// Whether the phrase occurs in a message.
    func occurs(in message: MessageText) -> Bool {
        var position = 0
        for part in self.parts {
            guard let start = message.bytes.firstOccurrence(of: part, from: position) else { return false }
            position = start + part.count
        }
        guard self.endsInDigit, let next = message.bytes[position...].first else { return true }
        if (0x30...0x39).contains(next) { return false }
        let isFraction =
            next == 0x2E && message.bytes[position...].dropFirst().first.map { (0x30...0x39).contains($0) } ?? false
        return !isFraction
    }
}

extension [UInt8] {
    /// Where a sequence of bytes first occurs, at `start` or later; an empty one occurs at once.
    func firstOccurrence(of phrase: [UInt8], from start: Int) -> Int? {
        guard let first = phrase.first else { return start }
        var position = start
        while position + phrase.count <= self.count {
            guard let candidate = self[position...].firstIndex(of: first),
                candidate + phrase.count <= self.count
            else { return nil }
            if self[candidate..<candidate + phrase.count].elementsEqual(phrase) { return candidate }
            position = candidate + 1
        }
        return nil
    }
}

extension String {
    /// Whether the bytes of another text occur in this one.
    func utf8Contains(_ phrase: String) -> Bool {
        Array(self.utf8).firstOccurrence(of: Array(phrase.utf8), from: 0) != nil
    }
}
