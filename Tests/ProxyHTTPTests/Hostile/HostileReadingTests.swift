import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import ProxyHTTP

@Suite("How hostile input is read")
struct HostileReadingTests {
    /// What a reader makes of bytes, the pieces of bodies joined.
    private struct Reading: Equatable {
        var heads: [SoundHead] = []
        var bodies: [[UInt8]] = []
        var ends = 0
        var refusal: HeadRefusal?

        init(_ bytes: [UInt8], inPiecesOf length: Int) {
            var reader = RequestReader(maximumHeaderBytes: 64 * 1024)
            for start in stride(from: 0, to: bytes.count, by: length) {
                reader.append(ByteBuffer(bytes: bytes[start..<min(start + length, bytes.count)]))
                self.take(&reader)
            }
        }

        private mutating func take(_ reader: inout RequestReader) {
            while true {
                switch reader.next() {
                case .needsMore: return
                case .head(let head):
                    self.heads.append(head)
                    self.bodies.append([])
                case .body(let piece): self.bodies[self.bodies.count - 1] += Array(piece.readableBytesView)
                case .end: self.ends += 1
                case .refused(let refusal): self.refusal = refusal
                }
            }
        }
    }

    @Test("it means the same at once, byte by byte and in pieces", arguments: HostileInput.Family.allCases)
    func isCutAnywhere(family: HostileInput.Family) {
        for input in HostileInput.inputs(of: family) {
            let whole = Reading(input.bytes, inPiecesOf: max(1, input.bytes.count))
            for length in [1, 2, 7, 64] where input.bytes.count < 4_000 || length == 64 {
                #expect(Reading(input.bytes, inPiecesOf: length) == whole, "\(input.name) in pieces of \(length)")
            }
        }
    }

    /// What llhttp reads otherwise, and why that is no matter.
    private static let known: [String: String] = [
        "blanks around the length": "tabs behind a value stay part of it there, and the length is refused",
        "blanks around the coding": "the same, and the coding is refused",
        "blanks around a value": "the same",
        "blanks within an extension": "blanks are refused there",
        "Content-Length as a trailer": "framing in trailers is refused there and dropped here",
        "Transfer-Encoding as a trailer": "the same",
        "an announced trailer of framing": "the same",
        "h2c": "the field is taken out here",
        "h2c without its settings": "the same",
        "h2c with a body": "the same",
        "h2c, and frames of HTTP/2 at once": "the same",
    ]

    @Test("what is accepted means the same to llhttp", arguments: HostileInput.Family.allCases)
    func agrees(family: HostileInput.Family) throws {
        for input in HostileInput.inputs(of: family) where Self.known[input.name] == nil {
            let text = String(decoding: input.bytes, as: UTF8.self)
            guard Array(text.utf8) == input.bytes else { continue }
            let ours = SecondOpinionTests.ours(text).filter(\.isComplete)
            let theirs = try SecondOpinionTests.theirs(text)
            #expect(Array(theirs.prefix(ours.count)) == ours, "\(input.name)")
        }
    }
}
