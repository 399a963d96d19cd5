// The C library looks for a byte many at once.
import Glibc
import NIOCore
import ProxyCore

/// Reads the head of a request, line by line as the lines come, and refuses whatever RFC 9112 does not allow.
///
/// Each byte is looked at once for the end of its line and once for its class. What lenient readers repair is refused:
/// a line that ends in a bare LF, a CR elsewhere, white space before the colon, folded lines, control characters, more
/// than one space in the request line.
struct HeadParser {
    /// What came of the bytes so far.
    enum Outcome: Equatable {
        /// The head is not complete.
        case needsMore
        /// The head is complete and has been taken out of the buffer.
        case complete(SoundHead)
        /// The request is not served; nothing after it can be understood.
        case refused(HeadRefusal)
    }

    /// How many fields a head may have.
    static let maximumFields = 256
    /// How many bytes a method may have: twice those of the longest registered one.
    static let maximumMethodBytes = 36

    private let maximumBytes: Int
    /// Offsets from the buffer's reader index.
    private var lineStart = 0
    private var scanned = 0
    private var requestLine: RequestLine?
    private var hasSkippedEmptyLine = false
    private var fields: [HeaderFields.Field] = []

    private struct RequestLine {
        var method: String
        var target: String
        var version: HTTPVersion
    }

    /// Makes a parser for heads of at most `maximumBytes`, request line and empty line included.
    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Looks at what has come since the last call.
    ///
    /// The buffer keeps all bytes of the head until it is complete.
    mutating func parse(_ buffer: inout ByteBuffer) -> Outcome {
        let outcome: Outcome
        do throws(HeadRefusal) {
            guard let head = try self.scan(buffer.readableBytesView) else { return .needsMore }
            outcome = .complete(head)
        } catch {
            outcome = .refused(error)
        }
        buffer.moveReaderIndex(forwardBy: self.lineStart)
        self = HeadParser(maximumBytes: self.maximumBytes)
        return outcome
    }

    private mutating func scan(_ view: ByteBufferView) throws(HeadRefusal) -> SoundHead? {
        // The closure form of the standard library does not carry typed errors through, hence the Result.
        let result = view.withUnsafeBytes { bytes -> Result<SoundHead?, HeadRefusal> in
            do throws(HeadRefusal) {
                return .success(try self.scan(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(HeadRefusal) -> SoundHead? {
        try self.checkBeginning(bytes)
        while let end = Self.index(of: ByteClass.lineFeed, in: bytes, from: self.scanned) {
            let start = self.lineStart
            self.scanned = end + 1
            self.lineStart = end + 1
            guard self.scanned <= self.maximumBytes else { throw HeadRefusal(reason: .headersTooLarge) }
            guard end > start, bytes[end - 1] == ByteClass.carriageReturn else {
                throw HeadRefusal(reason: .malformed)
            }
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<(end - 1)])
            if let requestLine = self.requestLine {
                guard !line.isEmpty else {
                    let head = RequestHead(
                        method: requestLine.method,
                        target: requestLine.target,
                        headers: HeaderFields(fields: self.fields)
                    )
                    return try SoundHead(judging: head, version: requestLine.version)
                }
                guard self.fields.count < Self.maximumFields else { throw HeadRefusal(reason: .headersTooLarge) }
                self.fields.append(try Self.field(line))
            } else if line.isEmpty, !self.hasSkippedEmptyLine {
                // RFC 9112 §2.2: one empty line before the request line is forgiven.
                self.hasSkippedEmptyLine = true
                try self.checkBeginning(bytes)
            } else {
                self.requestLine = try Self.requestLine(line)
                self.fields.reserveCapacity(16)
            }
        }
        self.scanned = bytes.count
        guard self.scanned <= self.maximumBytes else { throw HeadRefusal(reason: .headersTooLarge) }
        return nil
    }

    /// Refuses what cannot become a request line by its first byte.
    ///
    /// Whoever speaks another protocol, TLS for instance, learns it at once and not when the time for a head is over.
    private func checkBeginning(_ bytes: UnsafeRawBufferPointer) throws(HeadRefusal) {
        guard self.requestLine == nil, self.lineStart < bytes.count else { return }
        let first = bytes[self.lineStart]
        guard first == ByteClass.carriageReturn || ByteClass.isMethod(first) else {
            throw HeadRefusal(reason: .malformed)
        }
    }

    /// `method SP target SP version`, exactly.
    private static func requestLine(_ line: UnsafeRawBufferPointer) throws(HeadRefusal) -> RequestLine {
        guard
            let firstSpace = Self.index(of: ByteClass.space, in: line, from: 0), firstSpace > 0,
            let secondSpace = Self.index(of: ByteClass.space, in: line, from: firstSpace + 1),
            secondSpace > firstSpace + 1,
            firstSpace <= Self.maximumMethodBytes
        else {
            throw HeadRefusal(reason: .malformed)
        }
        let method = UnsafeRawBufferPointer(rebasing: line[..<firstSpace])
        for byte in method where !ByteClass.isMethod(byte) { throw HeadRefusal(reason: .malformed) }
        let target = UnsafeRawBufferPointer(rebasing: line[(firstSpace + 1)..<secondSpace])
        for byte in target where !ByteClass.isTarget(byte) { throw HeadRefusal(reason: .malformed) }
        return RequestLine(
            method: String(decoding: method, as: UTF8.self),
            target: String(decoding: target, as: UTF8.self),
            version: try Self.version(UnsafeRawBufferPointer(rebasing: line[(secondSpace + 1)...]))
        )
    }

    private static func version(_ text: UnsafeRawBufferPointer) throws(HeadRefusal) -> HTTPVersion {
        let known: StaticString = "HTTP/1."
        guard let start = text.baseAddress, text.count == 8, memcmp(start, known.utf8Start, 7) == 0 else {
            throw HeadRefusal(reason: .malformed)
        }
        switch text[7] {
        case 0x31: return .http11
        case 0x30: return .http10
        default: throw HeadRefusal(reason: .malformed)
        }
    }

    /// `name ":" OWS value OWS`.
    ///
    /// A folded line begins with white space, which is no token, and is refused with that.
    private static func field(_ line: UnsafeRawBufferPointer) throws(HeadRefusal) -> HeaderFields.Field {
        guard let colon = Self.index(of: ByteClass.colon, in: line, from: 0) else {
            throw HeadRefusal(reason: .malformed)
        }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        var start = colon + 1
        var end = line.count
        while start < end, Self.isBlank(line[start]) { start += 1 }
        while end > start, Self.isBlank(line[end - 1]) { end -= 1 }
        let value = UnsafeRawBufferPointer(rebasing: line[start..<end])
        guard ByteClass.isToken(name), ByteClass.isFieldValue(value) else { throw HeadRefusal(reason: .malformed) }
        return HeaderFields.Field(name: String(decoding: name, as: UTF8.self), value: Self.text(value))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == ByteClass.space || byte == ByteClass.tab }

    /// Where a byte stands first from `start` on.
    private static func index(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, Int32(byte), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// A value as text.
    ///
    /// What is no UTF-8 is taken as ISO 8859-1, which such bytes once meant (RFC 9110 §5.5). The judgement on them belongs
    /// to those who read the field: a credential with such bytes is wrong, not malformed.
    private static func text(_ value: UnsafeRawBufferPointer) -> String {
        if value.allSatisfy({ $0 < 0x80 }) { return String(decoding: value, as: UTF8.self) }
        if let text = String(validating: value, as: UTF8.self) { return text }
        var text = ""
        text.unicodeScalars.append(contentsOf: value.lazy.map { Unicode.Scalar($0) })
        return text
    }
}
