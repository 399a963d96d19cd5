public import NIOCore

/// Finds the `model` part of a `multipart/form-data` body (RFC 7578) that is fed in pieces of any size.
///
/// Only header lines and the value of that part are kept, both up to a bound; files pass by unread. The body has to be
/// strict where readers differ, so that nobody else sees another model in it: lines end in CRLF, and a `model` part has
/// a plain value.
public struct MultipartModel: Sendable {
    /// Why no model can be read from a body.
    public enum Fault: String, Error, Sendable {
        /// The body does not keep the rules of the format.
        case malformed
        /// Headers of a part are longer than 16 KiB, or there are more than 1,000 parts.
        case tooLarge = "too_large"
        /// The `model` part is a file, is coded, is not UTF-8 or is longer than 1 KiB.
        case unreadable
        /// The body ends before its last boundary.
        case incomplete
    }

    /// The most bytes of one part's header lines.
    public static let maximumHeaderBytes = 16_384
    /// The most parts.
    public static let maximumParts = 1_000
    /// The longest model that is kept.
    public static let maximumValueLength = 1_024

    /// The value of the last `model` part; `nil` if there was none.
    public private(set) var model: String?
    /// Where its value stands in the body.
    public private(set) var range: Range<Int64>?
    /// How many `model` parts there are.
    public private(set) var occurrences = 0
    /// What is wrong with the body, as soon as that is known.
    public private(set) var fault: Fault?

    private enum State: Sendable {
        /// In the text in front of a boundary: the preamble or the content of a part.
        case content
        /// Behind a boundary: `--`, or white space and CRLF.
        case afterBoundary
        /// In the header lines of a part.
        case headers
        /// Behind the last boundary.
        case epilogue
    }

    /// CRLF, two hyphens and the boundary.
    private let delimiter: [UInt8]
    private var state = State.content
    /// How much of the delimiter the last bytes match.
    ///
    /// The body begins as if a CRLF had come before it.
    private var matched = 2
    /// How much of that match is no part of the content: the CRLF that came before it.
    private var borrowed = 2
    private var offset: Int64 = 0
    private var line: [UInt8] = []
    private var parts = 0
    private var isModel = false
    private var value: [UInt8] = []
    private var valueStart: Int64 = 0

    /// Makes a reader for a body of that content type; `nil` if it is not `multipart/form-data` with a sound boundary.
    public init?(contentType: String) {
        let header = ParameterizedValue(contentType)
        guard let header, header.value.equalsIgnoringASCIICase("multipart/form-data"),
            let boundary = header["boundary"], (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), boundary.utf8.last != 0x20
        else { return nil }
        self.delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Reads a piece.
    ///
    /// After a fault nothing is read any more.
    public mutating func feed(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { self.feed($0) }
    }

    /// Reads a piece.
    ///
    /// After a fault nothing is read any more.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        let base = self.offset
        self.offset += Int64(bytes.count)
        var index = 0
        do throws(Fault) {
            while index < bytes.count, self.fault == nil {
                switch self.state {
                case .content: try self.readContent(bytes, &index, base)
                case .afterBoundary: try self.readAfterBoundary(bytes[index], &index)
                case .headers: try self.readHeader(bytes[index], &index, base)
                case .epilogue: return
                }
            }
        } catch {
            self.fault = error
        }
    }

    /// Ends the body.
    ///
    /// Throws if no model can be read from it for sure.
    public mutating func finish() throws(Fault) {
        if self.fault == nil, case .epilogue = self.state { return }
        self.fault = self.fault ?? .incomplete
        throw self.fault ?? .incomplete
    }

    /// Reads on until the delimiter is complete.
    ///
    /// A carriage return stands only at its beginning, so that a mismatch can only begin anew with the byte that showed
    /// it.
    private mutating func readContent(
        _ bytes: UnsafeRawBufferPointer,
        _ index: inout Int,
        _ base: Int64
    ) throws(Fault) {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == self.delimiter[self.matched] {
                self.matched += 1
                index += 1
                guard self.matched == self.delimiter.count else { continue }
                // A boundary right behind the headers, without a CRLF of its own, is one to some readers only.
                guard self.borrowed == 0 || self.parts == 0 else { throw .malformed }
                try self.endPart(at: base + Int64(index))
                return
            }
            if self.matched > 0 {
                if self.isModel { try self.keep(self.delimiter[self.borrowed..<self.matched]) }
                self.matched = 0
                self.borrowed = 0
                continue
            }
            let end = bytes[index...].firstIndex(of: 0x0D) ?? bytes.count
            if self.isModel { try self.keep(bytes[index..<end]) }
            self.borrowed = 0
            index = end
        }
    }

    private mutating func keep(_ bytes: some Collection<UInt8>) throws(Fault) {
        guard self.value.count + bytes.count <= Self.maximumValueLength else { throw .unreadable }
        self.value.append(contentsOf: bytes)
    }

    private mutating func endPart(at offset: Int64) throws(Fault) {
        if self.isModel {
            guard let text = String(validating: self.value, as: UTF8.self) else { throw .unreadable }
            self.model = text
            self.range = self.valueStart..<(offset - Int64(self.delimiter.count))
            self.isModel = false
        }
        self.matched = 0
        self.borrowed = 0
        self.line.removeAll(keepingCapacity: true)
        self.state = .afterBoundary
    }

    private mutating func readAfterBoundary(_ byte: UInt8, _ index: inout Int) throws(Fault) {
        index += 1
        self.line.append(byte)
        switch (self.line.count, byte) {
        case (2, 0x2D) where self.line[0] == 0x2D: self.state = .epilogue
        case (1, 0x2D), (1, 0x0D): break
        case (2, 0x0A) where self.line[0] == 0x0D:
            self.parts += 1
            guard self.parts <= Self.maximumParts else { throw .tooLarge }
            self.line.removeAll(keepingCapacity: true)
            self.state = .headers
        default: throw .malformed
        }
    }

    /// Reads the header lines until the empty one.
    private mutating func readHeader(_ byte: UInt8, _ index: inout Int, _ base: Int64) throws(Fault) {
        index += 1
        // A line feed without, or a carriage return not before one, is a line's end to some readers only.
        guard (byte == 0x0A) == (self.line.last == 0x0D), byte != 0 else { throw .malformed }
        self.line.append(byte)
        guard self.line.count <= Self.maximumHeaderBytes else { throw .tooLarge }
        guard byte == 0x0A, self.line.count == 2 || self.line.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] else { return }
        try self.beginPart(at: base + Int64(index))
        self.line.removeAll(keepingCapacity: true)
    }

    private mutating func beginPart(at offset: Int64) throws(Fault) {
        guard let text = String(validating: self.line, as: UTF8.self) else { throw .malformed }
        var headers = HeaderFields()
        for line in text.utf8.split(separator: 0x0A) {
            let line = Substring(line.dropLast())
            guard !line.isEmpty else { continue }
            guard let colon = line.utf8.firstIndex(of: 0x3A), colon != line.startIndex, line.utf8.first != 0x20,
                line.utf8.first != 0x09
            else { throw .malformed }
            headers.add(
                name: String(line[..<colon].trimmingHTTPWhitespace()),
                value: String(line[line.utf8.index(after: colon)...].trimmingHTTPWhitespace()))
        }
        let dispositions = headers.all("content-disposition")
        guard dispositions.count == 1, let disposition = ParameterizedValue(dispositions[0]),
            disposition.value.equalsIgnoringASCIICase("form-data"), let name = disposition["name"]
        else { throw .malformed }
        self.state = .content
        self.matched = 2
        self.borrowed = 2
        self.isModel = name == "model"
        guard self.isModel else { return }
        let coding = headers.first("content-transfer-encoding")
        guard disposition["filename"] == nil, disposition["filename*"] == nil, disposition["name*"] == nil,
            coding.map({ value in ["7bit", "8bit", "binary"].contains { value.equalsIgnoringASCIICase($0) } }) ?? true
        else { throw .unreadable }
        self.occurrences += 1
        self.value.removeAll(keepingCapacity: true)
        self.valueStart = offset
    }
}
