/// A set of header names and prefixes of names that is asked without making a copy of the name.
struct HeaderNameSet: Sendable {
    /// The names in lower case, by their length.
    private var names: [[[UInt8]]] = []
    /// The prefixes in lower case.
    private var prefixes: [[UInt8]] = []

    /// Makes a set; an entry that ends in `*` stands for every name that begins with what is before.
    init(_ entries: some Sequence<String>) {
        for entry in entries { self.insert(entry) }
    }

    /// Adds a name, or a prefix that ends in `*`.
    mutating func insert(_ entry: some StringProtocol) {
        let bytes = entry.utf8.map(\.asciiLowercased)
        if bytes.last == 0x2A {
            self.prefixes.append(Array(bytes.dropLast()))
            return
        }
        while self.names.count <= bytes.count { self.names.append([]) }
        self.names[bytes.count].append(bytes)
    }

    /// Whether the name is in the set or begins with one of its prefixes; case does not matter.
    func contains(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { bytes in
            if bytes.count < self.names.count {
                for candidate in self.names[bytes.count] where Self.begins(bytes, with: candidate) { return true }
            }
            for prefix in self.prefixes where Self.begins(bytes, with: prefix) { return true }
            return false
        }
    }

    private static func begins(_ name: UnsafeBufferPointer<UInt8>, with prefix: [UInt8]) -> Bool {
        guard name.count >= prefix.count else { return false }
        for index in 0..<prefix.count where name[index].asciiLowercased != prefix[index] { return false }
        return true
    }
}
