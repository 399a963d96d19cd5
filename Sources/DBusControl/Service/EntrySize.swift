/// What entries of `a{sv}` take in a message at most.
///
/// An entry begins at a multiple of 8: the name's length, the name and a NUL, the type of the value in 3 bytes, what
/// aligns the value, and the value: 8 bytes, or a length, a text and a NUL. That is the name and the text and less
/// than 24 bytes; an array takes some 16 more.
enum EntrySize {
    /// The bytes of entries of these names, texts and the contents of arrays aside.
    static func of(_ names: some Sequence<String>) -> Int {
        names.reduce(0) { $0 + $1.utf8.count + 24 }
    }

    /// What arrays and dictionaries add to an entry of their own.
    static let array = 16

    /// The contents of `a{st}`.
    static func of(counts: [String: UInt64]) -> Int {
        counts.keys.reduce(Self.array) { $0 + $1.utf8.count + 24 }
    }
}

extension UsageRow {
    private static let fieldsSize = EntrySize.of(Field.allCases.map(\.rawValue))

    /// At least as many bytes as the dictionary of the row takes in a message.
    var sizeBound: Int {
        UsageAxis.allCases.reduce(8 + Self.fieldsSize + EntrySize.of(counts: self.tokens)) {
            $0 + (self[$1]?.utf8.count ?? 0)
        }
    }
}
