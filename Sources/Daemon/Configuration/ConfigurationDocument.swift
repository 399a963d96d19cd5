import ProxyCore
import TOMLReading

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
        do throws(TOMLFault) {
            guard case .table(let root) = ConfigurationNode(try TOMLReader.table(text)) else {
                throw TOMLFault(line: nil, kind: .unreadable)
            }
            self.root = root
        } catch {
            throw ConfigurationSyntaxError(source: source, line: error.line, error.message(Self.oneLine))
        }
        self.source = source
        self.index = TOMLPositionIndex(text)
    }

    /// Where a value of the document is, as messages name it.
    func origin(of path: TOMLPath) -> ConfigurationOrigin {
        ConfigurationOrigin(source: self.source, line: self.index.line(of: path) ?? 1, key: path.description)
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
