import DBusControl
import TOMLKit
import TOMLReading

/// Reads TOML 1.0 (K-018).
///
/// The parser's own copies of texts are freed and not zeroed; what is handed on is.
enum TOMLDocument {
    /// Parses a document; the error names the line.
    static func parse(_ contents: SecretText) throws(KeyFileError) -> DocumentTable {
        try contents.withBytes { (bytes) throws(KeyFileError) in try UTF8Check.check(bytes) }
        do throws(TOMLFault) {
            return Self.table(try TOMLReader.table(contents.plain))
        } catch {
            let words = error.message(Self.harmless)
            throw error.line.map { KeyFileError(line: $0, words) } ?? KeyFileError("", words)
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
