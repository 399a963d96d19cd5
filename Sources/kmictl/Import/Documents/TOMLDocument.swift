import DBusControl
import TOMLKit

/// Reads TOML 1.0 (K-018).
///
/// The parser's own copies of texts are freed and not zeroed; what is handed on is.
enum TOMLDocument {
    /// Parses a document; the error names the line.
    static func parse(_ contents: SecretText) throws(KeyFileError) -> DocumentTable {
        try contents.withBytes { (bytes) throws(KeyFileError) in try UTF8Check.check(bytes) }
        let text = contents.plain
        // The parser takes texts that end at the first NUL.
        for (number, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let line = Substring(line)
            if line.contains("\\u0000") || line.contains("\\U00000000") {
                throw KeyFileError(line: number + 1, "holds a NUL character, which no value may have")
            }
        }
        if let line = TOMLShape.faultyLine(in: text) {
            throw KeyFileError(line: line, "is not TOML")
        }
        do {
            return Self.table(try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            let position = error.source.begin
            throw KeyFileError(line: position.line, "column \(position.column): \(Self.harmless(error.description))")
        } catch {
            throw KeyFileError("", "is not a TOML document")
        }
    }

    private static func table(_ table: TOMLTable) -> DocumentTable {
        var result = DocumentTable()
        for key in table.keys {
            // A parsed table holds every key once.
            if let value = table[key] { _ = result.add(key, Self.node(value)) }
        }
        return result
    }

    private static func node(_ value: any TOMLValueConvertible) -> DocumentNode {
        switch value.type {
        case .string: .text(SecretText(bytes: Array((value.string ?? "").utf8)))
        case .int, .double: .other("a number")
        case .bool: .other("true or false")
        case .date, .time, .dateTime: .other("a date or time")
        case .array: .list((value.array ?? TOMLArray()).map { Self.node($0) })
        case .table: .table(Self.table(value.table ?? TOMLTable()))
        }
    }

    /// The parser's own words in one line, and none of the document's: a secret may stand in the wrong place.
    ///
    /// The parser quotes the document in many messages, so that each ends at its first quote. Only what it says that it
    /// expected may hold quotes of its own, up to what it saw instead.
    private static func harmless(_ text: String) -> String {
        let words: Substring
        if let scope = text.firstRange(of: ": "), text[scope.upperBound...].hasPrefix("expected "),
            let seen = text.firstRange(of: ", saw ")
        {
            words = text[..<seen.lowerBound]
        } else {
            words = text.prefix { $0 != "'" }
        }
        var result = words
        while let last = result.last, last.isWhitespace || ".:".contains(last) { result.removeLast() }
        return SafeText.line(String(result))
    }
}
