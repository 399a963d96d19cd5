/// Tables for programs: comma-separated values (RFC 4180).
enum CSVText {
    /// The records, each with its line end; the first one holds the names of the columns.
    ///
    /// Control characters are spelled out as everywhere.
    static func of(_ records: [[String]]) -> String {
        records.map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        let safe = SafeText.line(text)
        let isPlain = safe.utf8.allSatisfy { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") }
        guard !isPlain || safe.hasPrefix(" ") || safe.hasSuffix(" ") else { return safe }
        return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
