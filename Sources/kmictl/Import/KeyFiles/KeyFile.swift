import DBusControl

/// A file that may hold keys, and how it came to be looked at.
struct KeyFile: Sendable {
    /// Its path.
    var path: String
    /// Whether a person named it.
    var isNamed: Bool
    /// Whether it is the configuration of a Kimi client rather than a key file.
    var isClientConfiguration: Bool

    /// The last component of the path.
    var name: String { String(self.path.split(separator: "/").last ?? "") }

    /// Whether it is a copy that somebody has put aside.
    var isBackup: Bool { KeyFileName(self.name)?.isBackup == true }

    /// Reads what it holds.
    ///
    /// - Parameters:
    ///   - contents: What stands in it.
    ///   - takesAll: Whether every provider with a key is meant.
    ///   - variable: The environment, for keys that lie there.
    func read(
        _ contents: SecretText, takesAll: Bool, variable: @escaping @Sendable (String) -> String?
    ) throws(KeyFileError) -> [KeyFinding] {
        guard let name = KeyFileName(self.name == ".env" ? "key.env" : self.name) else {
            throw KeyFileError("", KeyFileName.expected)
        }
        if name.format == .environment {
            return [try EnvironmentKeyFile.read(contents, stem: name.stem)]
        }
        let root = name.format == .toml ? try Self.ordered(contents) : try JSONDocument.parse(contents)
        return try ProviderTableFile(
            root: root, purpose: self.isClientConfiguration ? .client : .keyFile(stem: name.stem), takesAll: takesAll,
            variable: variable
        ).read()
    }

    /// The document with its providers in the order in which they stand there, which the parser does not keep.
    private static func ordered(_ contents: SecretText) throws(KeyFileError) -> DocumentTable {
        let document = try TOMLDocument.parse(contents)
        guard let providers = document["providers"]?.asTable, providers.members.count > 1 else { return document }
        let places = contents.withBytes { bytes in
            providers.members.map { member in Self.firstMention(of: member.name, in: bytes) }
        }
        var sorted = DocumentTable()
        for (_, member) in zip(places, providers.members).sorted(by: { $0.0 < $1.0 }) {
            _ = sorted.add(member.name, member.value)
        }
        var result = DocumentTable()
        for member in document.members {
            _ = result.add(member.name, member.name == "providers" ? .table(sorted) : member.value)
        }
        return result
    }

    /// Where a name first stands in a line that names providers; the end if it stands nowhere so.
    private static func firstMention(of name: String, in bytes: UnsafeRawBufferPointer) -> Int {
        let key = "providers".utf8
        for line in bytes.split(separator: 0x0A) {
            let trimmed = line.drop { $0 == 0x20 || $0 == 0x09 }
            guard trimmed.first != UInt8(ascii: "#"), let begin = trimmed.firstRange(of: key)?.upperBound else {
                continue
            }
            // The key as a whole, bare or quoted.
            for range in trimmed[begin...].ranges(of: name.utf8) {
                let behind = range.upperBound < trimmed.endIndex ? trimmed[range.upperBound] : UInt8(ascii: "]")
                let before = trimmed[range.lowerBound - 1]
                if "\"'.] =".utf8.contains(behind), "\"'. {,".utf8.contains(before) { return range.lowerBound }
            }
        }
        return bytes.count
    }
}
