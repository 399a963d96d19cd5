import NIOCore
import ProxyCore

@testable import ProxyHTTP

/// The reader of requests: the same requests and the same refusal whatever the pieces are, nothing behind a refusal, and
/// nothing that a second strict reading refuses or understands otherwise.
enum HTTPTarget {
    private struct Reading: Equatable {
        var heads: [SoundHead] = []
        var bodies: [[UInt8]] = []
        var ends = 0
        var refusal: HeadRefusal?
    }

    private static let maximumHeaderBytes = 2048

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let whole = self.read([bytes])
        for var cuts in Fuzzing.cuts(of: bytes) {
            let again = self.read(cuts.pieces(of: bytes))
            Fuzzing.check(again == whole, "something else in pieces: \(again) instead of \(whole)")
        }
        let strict = StrictReading(Array(bytes)).requests
        let complete = Array(zip(whole.heads, whole.bodies).prefix(whole.ends))
        Fuzzing.check(complete.count <= strict.count, "accepted what the strict reading refuses: \(whole)")
        for ((head, body), other) in zip(complete, strict) {
            let fields = head.head.headers.map { field in (name: field.name, value: self.bytes(of: field.value)) }
            let removed: Set<String> = ["upgrade", "http2-settings"]
            let isReduced = fields.count < other.fields.count
            let kept = other.fields
                .filter { !isReduced || !removed.contains($0.name.lowercased()) }
                .map { (name: $0.name, value: self.bytes(of: HTTPTarget.text(of: $0.value))) }
            Fuzzing.check(
                head.head.method == other.method && head.head.target == other.target && body == other.body
                    && fields.elementsEqual(kept) { $0 == $1 },
                "another meaning: \(head) [\(body.count)] and \(other)")
        }
    }

    private static func read(_ pieces: [UnsafeRawBufferPointer]) -> Reading {
        var reader = RequestReader(maximumHeaderBytes: Self.maximumHeaderBytes)
        var reading = Reading()
        for piece in pieces {
            reader.append(ByteBuffer(bytes: piece))
            loop: while true {
                let step = reader.next()
                Fuzzing.check(
                    reading.refusal == nil || step == .needsMore, "something comes behind a refusal: \(step)")
                switch step {
                case .needsMore: break loop
                case .head(let head):
                    Fuzzing.check(reading.heads.count == reading.ends, "a head within a body")
                    reading.heads.append(head)
                    reading.bodies.append([])
                case .body(let piece):
                    Fuzzing.check(piece.readableBytes > 0, "an empty piece")
                    reading.bodies[reading.bodies.count - 1] += Array(piece.readableBytesView)
                case .end: reading.ends += 1
                case .refused(let refusal):
                    reading.refusal = refusal
                    Fuzzing.check(reader.bufferedBytes == 0, "bytes are kept in vain")
                }
            }
        }
        return reading
    }

    private static func bytes(of text: String) -> [UInt8] { Array(text.utf8) }

    /// A value as the proxy keeps it: UTF-8, else ISO 8859-1.
    private static func text(of value: [UInt8]) -> String {
        String(validating: value, as: UTF8.self) ?? String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
    }
}
