import ProxyCore

/// How the end of an answer's body is found (RFC 9112 §6.3).
enum AnswerFraming: Equatable {
    /// There is no body.
    case empty
    /// So many bytes.
    case length(Int64)
    /// The chunked coding says.
    case chunked
    /// Everything until the connection ends.
    case untilClose
}

/// Why an answer is not sound HTTP/1.1.
struct AnswerViolation: Error, Equatable {
    /// What is wrong, without any of the answer's own text.
    var reason: String
}

/// Reads the lines of an answer's head as libcurl hands them on, checks them more strictly than libcurl 7.88 does, and
/// tells interim heads, the final head and trailers apart.
///
/// What it refuses are the ambiguities that let two readers of one connection disagree about where an answer ends
/// (RFC 9112 §6.3, §11.1): repeated or conflicting framing, framing of what has no body, codings other than `chunked`, bare
/// CR and LF, folded lines, white space before the colon; besides these, heads without a bound.
struct AnswerHeadParser {
    /// What a line meant.
    enum Step: Equatable {
        /// The head goes on.
        case more
        /// A head with a 1xx status has ended; another one follows.
        case interimEnded
        /// The final head has ended.
        case ended(ResponseHead, AnswerFraming)
    }

    /// The most bytes of all heads and trailers of one answer.
    static let maximumBytes = 256 * 1024
    /// The most fields of one head, and of the trailers.
    static let maximumFields = 512
    /// The most interim heads before the final one.
    static let maximumInterimHeads = 100

    private let isAnswerToHead: Bool
    private var bytes = 0
    private var interimHeads = 0
    private var status: (code: Int, reason: String, isVersion10: Bool)?
    private var fields = HeaderFields()
    private var trailerFields = HeaderFields()
    private var hasEnded = false

    /// Makes a parser for the answer to a request with this method.
    init(requestMethod: String) {
        self.isAnswerToHead = requestMethod == "HEAD"
    }

    /// The trailers that came so far; `nil` if there were none.
    var trailers: HeaderFields? { self.trailerFields.isEmpty ? nil : self.trailerFields }

    /// Takes the next line of the head, its line end included.
    mutating func take(line: some Collection<UInt8>) throws(AnswerViolation) -> Step {
        let content = try self.content(of: line)
        guard let status = self.status else {
            self.status = try Self.statusLine(content)
            return .more
        }
        guard content.isEmpty else {
            try Self.add(content, to: &self.fields)
            return .more
        }
        let fields = self.fields
        self.fields = HeaderFields()
        self.status = nil
        if status.code < 200 {
            // No upgrade was asked for, so that nothing can be switched to (RFC 9110 §15.2.2).
            if status.code == 101 { throw AnswerViolation(reason: "status 101 without a request to upgrade") }
            // There must be none (RFC 9110 §8.6, RFC 9112 §6.1), and who believes one reads another answer.
            if fields.contains("content-length") || fields.contains("transfer-encoding") {
                throw AnswerViolation(reason: "framing field in an interim head")
            }
            self.interimHeads += 1
            if self.interimHeads > Self.maximumInterimHeads {
                throw AnswerViolation(reason: "more than 100 interim heads")
            }
            return .interimEnded
        }
        self.hasEnded = true
        let framing = try self.framing(status: status.code, isVersion10: status.isVersion10, fields: fields)
        return .ended(ResponseHead(status: status.code, reason: status.reason, headers: fields), framing)
    }

    /// Takes a line that came after the final head: a trailer field, or the empty line after the last one.
    mutating func takeTrailer(line: some Collection<UInt8>) throws(AnswerViolation) {
        let content = try self.content(of: line)
        guard !content.isEmpty else { return }
        try Self.add(content, to: &self.trailerFields)
        // Framing cannot change after the body (RFC 9110 §6.5.1).
        if self.trailerFields.contains("content-length") || self.trailerFields.contains("transfer-encoding") {
            throw AnswerViolation(reason: "framing field in the trailers")
        }
    }

    /// The line without its CRLF.
    private mutating func content(of line: some Collection<UInt8>) throws(AnswerViolation) -> [UInt8] {
        self.bytes += line.count
        if self.bytes > Self.maximumBytes { throw AnswerViolation(reason: "head of more than 256 KiB") }
        var content = Array(line)
        guard content.popLast() == 0x0A, content.popLast() == 0x0D else {
            throw AnswerViolation(reason: "line of the head without CRLF")
        }
        for byte in content where (byte < 0x20 && byte != 0x09) || byte == 0x7F {
            throw AnswerViolation(reason: "control character in the head")
        }
        return content
    }

    /// `HTTP/1.x DDD reason` (RFC 9112 §4); the space before an absent reason may be absent too.
    private static func statusLine(
        _ line: [UInt8]
    ) throws(AnswerViolation) -> (code: Int, reason: String, isVersion10: Bool) {
        let malformed = AnswerViolation(reason: "malformed status line")
        guard line.count >= 12, line.starts(with: Array("HTTP/1.".utf8)), line[7] == 0x30 || line[7] == 0x31,
            line[8] == 0x20
        else { throw malformed }
        var code = 0
        for digit in line[9..<12] {
            guard (0x30...0x39).contains(digit) else { throw malformed }
            code = code * 10 + Int(digit - 0x30)
        }
        guard (100...599).contains(code), line.count == 12 || line[12] == 0x20 else { throw malformed }
        return (code, self.text(line.dropFirst(13)), line[7] == 0x30)
    }

    private static func add(_ line: [UInt8], to fields: inout HeaderFields) throws(AnswerViolation) {
        if line[0] == 0x20 || line[0] == 0x09 { throw AnswerViolation(reason: "folded header line") }
        guard let colon = line.firstIndex(of: 0x3A), colon > 0, line[..<colon].allSatisfy(\.isTokenCharacter) else {
            throw AnswerViolation(reason: "malformed header line")
        }
        if fields.count == Self.maximumFields { throw AnswerViolation(reason: "more than 512 header fields") }
        var value = line[(colon + 1)...]
        while let byte = value.first, byte == 0x20 || byte == 0x09 { value = value.dropFirst() }
        while let byte = value.last, byte == 0x20 || byte == 0x09 { value = value.dropLast() }
        fields.add(name: self.text(line[..<colon]), value: self.text(value))
    }

    private func framing(
        status: Int,
        isVersion10: Bool,
        fields: HeaderFields
    ) throws(AnswerViolation) -> AnswerFraming {
        let lengths = fields.all("content-length")
        let codings = fields.all("transfer-encoding")
        if lengths.count > 1 { throw AnswerViolation(reason: "more than one Content-Length") }
        if !codings.isEmpty {
            if !lengths.isEmpty { throw AnswerViolation(reason: "Content-Length beside Transfer-Encoding") }
            if isVersion10 { throw AnswerViolation(reason: "Transfer-Encoding in HTTP/1.0") }
            guard codings.count == 1, codings[0].equalsIgnoringASCIICase("chunked") else {
                throw AnswerViolation(reason: "transfer coding other than chunked")
            }
        }
        var length: Int64?
        if let text = lengths.first {
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text) else {
                throw AnswerViolation(reason: "malformed Content-Length")
            }
            length = number
        }
        if status == 204 {
            // Bytes after it would be read as the next answer (RFC 9110 §8.6, RFC 9112 §6.1).
            guard codings.isEmpty, length ?? 0 == 0 else { throw AnswerViolation(reason: "204 with a body") }
        }
        if self.isAnswerToHead || status == 204 || status == 304 { return .empty }
        if !codings.isEmpty { return .chunked }
        return length.map { .length($0) } ?? .untilClose
    }

    /// Text in UTF-8, or else in ISO 8859-1, in which every byte means something (RFC 9110 §5.5).
    private static func text(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}

extension UInt8 {
    /// Whether the byte may stand in a token (RFC 9110 §5.6.2).
    var isTokenCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
