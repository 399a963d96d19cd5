import DBusControl

/// A value of a TOML or JSON document, as far as key files need one.
///
/// Texts may be secrets, so that nothing prints them.
indirect enum DocumentNode: Sendable {
    case text(SecretText)
    case list([DocumentNode])
    case table(DocumentTable)
    /// Anything else, and what it is: `a number`, `true or false`, ….
    case other(String)

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .text: "a text"
        case .list: "a list"
        case .table: "a table"
        case .other(let kind): kind
        }
    }

    /// The table, if it is one.
    var asTable: DocumentTable? {
        if case .table(let table) = self { return table }
        return nil
    }
}

/// Members by name, in the order of the document as far as its parser tells it.
struct DocumentTable: Sendable {
    /// One member.
    struct Member: Sendable {
        var name: String
        var value: DocumentNode
    }

    private(set) var members: [Member] = []

    /// The member of a name.
    subscript(name: String) -> DocumentNode? { self.members.first { $0.name == name }?.value }

    /// Adds a member; false if there is one of that name.
    mutating func add(_ name: String, _ value: DocumentNode) -> Bool {
        guard self[name] == nil else { return false }
        self.members.append(Member(name: name, value: value))
        return true
    }
}

extension SecretText {
    /// The bytes as text, for what turns out not to be secret.
    var plain: String { self.withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Whether both hold the same bytes.
    func isSame(as other: SecretText) -> Bool {
        self.withBytes { left in other.withBytes { right in left.elementsEqual(right) } }
    }

    /// What people may see of it: the first and last four characters, or nothing of a short one.
    var masked: String {
        guard self.count >= 16 else { return "***" }
        return self.withBytes {
            "\(String(decoding: $0.prefix(4), as: UTF8.self))***\(String(decoding: $0.suffix(4), as: UTF8.self))"
        }
    }
}
