import ProxyCore
import TOMLKit

/// A file of the configuration, parsed.
struct ConfigurationDocument: Sendable {
    /// Its path, for messages.
    let source: String
    /// Its tables.
    let root: [String: ConfigurationNode]
    private let index: TOMLPositionIndex

    /// Parses a document; the error names line and column.
    init(source: String, bytes: [UInt8]) throws(ConfigurationSyntaxError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationSyntaxError(source: source, line: Self.lineOfInvalidUTF8(bytes), "is not valid UTF-8")
        }
        // The parser takes texts that end at the first NUL.
        if let line = Self.lineOfNUL(text) {
            throw ConfigurationSyntaxError(source: source, line: line, "holds a NUL character, which no value may have")
        }
        if let line = TOMLShape.faultyLine(in: text) {
            throw ConfigurationSyntaxError(
                source: source, line: line, "is not TOML: a table is [server] or [[key]], a list [ \"one\" ]")
        }
        do {
            guard case .table(let root) = ConfigurationNode(try TOMLTable(string: text)) else {
                throw ConfigurationSyntaxError(source: source, line: nil, "is not a TOML document")
            }
            self.root = root
        } catch let error as TOMLParseError {
            let position = error.source.begin
            throw ConfigurationSyntaxError(
                source: source, line: position.line, "column \(position.column): \(Self.oneLine(error.description))")
        } catch {
            throw ConfigurationSyntaxError(source: source, line: nil, "cannot be parsed")
        }
        self.source = source
        self.index = TOMLPositionIndex(text)
    }

    /// Where a value of the document is, as messages name it.
    func origin(of path: TOMLPath) -> ConfigurationOrigin {
        ConfigurationOrigin(source: self.source, line: self.index.line(of: path) ?? 1, key: path.description)
    }

    private static func lineOfNUL(_ text: String) -> Int? {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where line.utf8.contains(0) || line.contains("\\u0000") || line.contains("\\U00000000") {
            return number + 1
        }
        return nil
    }

    private static func lineOfInvalidUTF8(_ bytes: [UInt8]) -> Int? {
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where String(validating: line, as: UTF8.self) == nil {
            return number + 1
        }
        return nil
    }

    /// The parser's text in one line.
    ///
    /// Where a key stands twice the parser repeats it, garbled at times, from the document: that part is left out, as the
    /// line says enough and a secret may stand in the wrong place.
    private static func oneLine(_ text: String) -> String {
        var text = text[...]
        if text.contains("cannot redefine"), let quote = text.firstIndex(of: "'") { text = text[..<quote] }
        let line = String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
        return String(Substring(line).trimmingHTTPWhitespace())
    }
}

/// A file that is no TOML document.
struct ConfigurationSyntaxError: Error, Sendable {
    /// What is wrong and where.
    let problem: ConfigurationProblem

    init(source: String, line: Int?, _ message: String) {
        self.problem = ConfigurationProblem(
            origin: ConfigurationOrigin(source: source, line: line, key: ""), message: message)
    }
}
