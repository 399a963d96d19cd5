public import TOMLKit

/// Reads documents in TOML 1.0, those that its parser must never see among them.
///
/// The parser (toml++ 3 behind TOMLKit) takes a text to its first NUL for the whole, and ends the process over some
/// malformed ones. What reads a person's file goes through here instead.
public enum TOMLReader {
    /// The table that a document is; the fault says at which line it is none.
    public static func table(_ text: String) throws(TOMLFault) -> TOMLTable {
        if let line = self.lineOfNUL(text) { throw TOMLFault(line: line, kind: .nul) }
        if let fault = TOMLShape.fault(in: text) { throw fault }
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            throw TOMLFault(line: begin.line, kind: .refused(column: begin.column, words: error.description))
        } catch {
            throw TOMLFault(line: nil, kind: .unreadable)
        }
    }

    /// The first line with a NUL in it, as it is or as an escape; within a comment too, where nobody misses it.
    private static func lineOfNUL(_ text: String) -> Int? {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = lines.firstIndex { line in
            let line = Substring(line)
            return line.utf8.contains(0) || line.contains("\\u0000") || line.contains("\\U00000000")
        }
        return index.map { lines.distance(from: lines.startIndex, to: $0) + 1 }
    }
}

/// Why a text is no TOML document.
public struct TOMLFault: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// It holds a NUL, which no text of TOML may have.
        case nul
        /// It holds a character where no document has one, such as a quotation mark of typographers or a lone carriage
        /// return: only texts in quotes and comments may have others than those of ASCII that show.
        case misplacedCharacter
        /// Its brackets are such as no document has: nothing more was read.
        case shapeless
        /// The parser refuses it: the column, from 1, and its own words, which may quote the document.
        case refused(column: Int, words: String)
        /// The parser fails and says nothing.
        case unreadable
    }

    /// The line, from 1; `nil` if it is not known.
    public let line: Int?
    /// What is wrong.
    public let kind: Kind

    /// A fault of a document at a line.
    public init(line: Int?, kind: Kind) {
        self.line = line
        self.kind = kind
    }

    /// What is wrong, without the line.
    ///
    /// - Parameter shown: Makes the parser's own words such as may be shown: in one line, and with no more of the document
    ///   than it may tell.
    public func message(_ shown: (String) -> String) -> String {
        switch self.kind {
        case .nul: "holds a NUL character, which no value may have"
        case .misplacedCharacter:
            "holds a character that may stand only between \"quotes\", which are the plain ones, or behind #"
        case .shapeless: "is not TOML: a table is [name] or [[name]], a list [ \"one\" ]"
        case .refused(let column, let words): "column \(column): \(shown(words))"
        case .unreadable: "is not a TOML document"
        }
    }
}
