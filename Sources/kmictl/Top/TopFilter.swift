import DBusControl

/// Lets through what holds a text somewhere in its names.
struct TopFilter: Equatable, Sendable {
    /// The most characters that a person can type.
    static let longest = 64

    /// What is looked for, as it was typed; nothing is left out if it is empty.
    private(set) var text = ""
    private var lowered = ""

    /// Whether nothing is left out.
    var isEmpty: Bool { self.text.isEmpty }

    /// Takes a typed character in.
    mutating func append(_ character: Character) {
        guard self.text.count < Self.longest else { return }
        self = TopFilter(self.text + String(character))
    }

    /// Takes the last character back.
    mutating func removeLast() { self = TopFilter(String(self.text.dropLast())) }

    /// Looks for a text.
    init(_ text: String = "") {
        self.text = text
        self.lowered = text.lowercased()
    }

    /// Whether a key's label or provider holds it.
    func matches(_ key: KeyStatus) -> Bool { self.isIn([key.label, key.provider]) }

    /// Whether a request's key, model, provider or client holds it.
    func matches(_ row: RequestRow) -> Bool { self.isIn([row.key, row.model, row.provider, row.client]) }

    private func isIn(_ names: [String]) -> Bool {
        self.isEmpty || names.contains { $0.lowercased().contains(self.lowered) }
    }
}
