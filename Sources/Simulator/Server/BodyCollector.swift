import Crypto
import NIOCore

/// Receives the body of a request in constant memory: hashes and counts all of it, keeps it only where it is short.
struct BodyCollector {
    /// Bodies up to this length are kept and parsed as a whole; of longer ones the short top-level members are read.
    static let wholeLimit = 1 << 20

    /// Length so far.
    private(set) var length = 0
    private var hash = SHA256()
    private var kept: [UInt8] = []
    private var scanner: TopLevelScanner?

    /// Takes the next part.
    mutating func feed(_ buffer: ByteBuffer) {
        self.length += buffer.readableBytes
        buffer.withUnsafeReadableBytes { bytes in
            self.hash.update(bufferPointer: bytes)
            if self.scanner == nil, self.kept.count + bytes.count <= Self.wholeLimit {
                self.kept.append(contentsOf: bytes)
                return
            }
            var scanner = self.scanner ?? TopLevelScanner()
            if self.scanner == nil {
                self.kept.withUnsafeBytes { scanner.feed($0) }
                self.kept = []
            }
            scanner.feed(bytes)
            self.scanner = scanner
        }
    }

    /// SHA-256 of the body so far, hexadecimal.
    var digest: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self.hash.finalize() {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The body as JSON, or `nil` if it is none.
    var json: JSONValue? {
        if let scanner = self.scanner { return scanner.object }
        do {
            return try JSONParser.parse(self.kept)
        } catch {
            return nil  // The dialects answer with their own words to a body that is no JSON.
        }
    }

    /// The bytes, if the body is not longer than `limit` and `wholeLimit`.
    func whole(limit: Int) -> [UInt8]? {
        self.scanner == nil && self.kept.count <= limit ? self.kept : nil
    }
}
