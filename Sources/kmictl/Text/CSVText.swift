/// Tables for programs: comma-separated values (RFC 4180).
enum CSVText {
    /// The records, each with its line end; the first one holds the names of the columns.
    ///
    /// Control characters are spelled out as everywhere. A spreadsheet would run a text that begins like a formula,
    /// so that an apostrophe stands before it; numbers stay numbers.
    static func of(_ records: [[String]]) -> String {
        records.map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        let safe = (Self.isFormula(text) ? "'" : "") + SafeText.line(text)
        let isPlain = safe.utf8.allSatisfy { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") }
        guard !isPlain || safe.hasPrefix(" ") || safe.hasSuffix(" ") else { return safe }
        return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// Whether a spreadsheet could take a text for a formula: by its first character, which numbers may have too.
    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) else { return false }
        let parts = text.utf8.dropFirst().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isNumber =
            first == "-" && parts.count <= 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } }
        return !isNumber
    }
}
