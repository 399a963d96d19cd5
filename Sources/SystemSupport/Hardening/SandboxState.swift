/// What a unit promises of its sandbox, held against what the kernel shows.
///
/// Service managers pass over what they cannot enforce, for instance those of users and those in containers, so that the
/// promise alone says nothing.
public struct SandboxState: Sendable, Equatable {
    /// The parts that are promised, in the order of the promise, each once.
    public let promised: [SandboxPart]
    /// Those of them that are not in force.
    public let missing: [SandboxPart]
    /// Words of the promise that name no part that can be looked at.
    public let unknown: [String]

    /// Compares a promise, which is the names of ``SandboxPart`` with spaces between them, with what is seen.
    public init(promise: String, evidence: SandboxEvidence) {
        var promised: [SandboxPart] = []
        var unknown: [String] = []
        for word in promise.split(whereSeparator: \.isWhitespace).map(String.init) {
            if let part = SandboxPart(rawValue: word) {
                if !promised.contains(part) { promised.append(part) }
            } else if !unknown.contains(word) {
                unknown.append(word)
            }
        }
        self.promised = promised
        self.unknown = unknown
        self.missing = promised.filter { !evidence.shows($0) }
    }

    /// Whether everything that is promised is in force.
    public var isComplete: Bool { self.missing.isEmpty && self.unknown.isEmpty }
}
