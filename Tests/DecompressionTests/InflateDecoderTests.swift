import CZlib
import Foundation
import ProxyCore
import Testing

@testable import Decompression

@Suite("Reading compressed answers beside their way (X-004)")
struct InflateDecoderTests {
    /// What a decoder makes of a body that comes in pieces.
    private struct Outcome: Equatable {
        var text: [UInt8] = []
        var isSound = true
        var isComplete = false
        var largestPiece = 0
    }

    private static let line = Array("data: {\"usage\":{\"total_tokens\":42}}\n\n".utf8)
    /// The line as gzip(1) packs it.
    private static let recorded = [UInt8](
        Data(base64Encoded: "H4sIAAAAAAACA0tJLEm0UqhWKi1OTE9VsqpWKskvScyJL8nPTs0rVrIyMaqt5eICADtQVtIlAAAA") ?? Data())
    private static let long = (0..<4_000).flatMap { Array("event \($0): \($0 &* 2_654_435_761)\n".utf8) }

    private func decode(_ pieces: [[UInt8]], limits: DecompressionLimits = DecompressionLimits()) throws -> Outcome {
        let decoder = try #require(InflateDecoder(limits: limits))
        var outcome = Outcome()
        for piece in pieces {
            let isSound = piece.withUnsafeBytes { bytes in
                decoder.feed(bytes) {
                    outcome.text += $0
                    outcome.largestPiece = max(outcome.largestPiece, $0.count)
                }
            }
            if !isSound { outcome.isSound = false }
        }
        outcome.isComplete = decoder.isComplete
        return outcome
    }

    /// Packs bytes: window bits 31 for gzip, 15 for zlib, -15 for neither (zlib.h).
    private static func pack(_ bytes: [UInt8], windowBits: Int32 = 31) throws -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        try #require(deflateInit2_(&stream, 9, Z_DEFLATED, windowBits, 8, 0, ZLIB_VERSION, size) == Z_OK)
        defer { deflateEnd(&stream) }
        var source = bytes
        var packed = [UInt8](repeating: 0, count: bytes.count + 4_096)
        let status = source.withUnsafeMutableBufferPointer { input in
            packed.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        try #require(status == Z_STREAM_END)
        return Array(packed.prefix(Int(stream.total_out)))
    }

    @Test("reads what gzip(1) has packed, in pieces of any size")
    func pieces() throws {
        #expect(Self.recorded.count > 20)
        for cut in 0...Self.recorded.count {
            let outcome = try self.decode([Array(Self.recorded[..<cut]), Array(Self.recorded[cut...])])
            #expect(outcome.text == Self.line)
            #expect(outcome.isSound && outcome.isComplete)
        }
        let outcome = try self.decode(Self.recorded.map { [$0] })
        #expect(outcome.text == Self.line)
        #expect(outcome.isSound && outcome.isComplete)
    }

    @Test("hands on pieces of at most 16 KiB, all of what there was")
    func large() throws {
        let packed = try Self.pack(Self.long)
        let outcome = try self.decode([packed])
        #expect(outcome.text == Self.long)
        #expect(outcome.isComplete)
        #expect(outcome.largestPiece == InflateDecoder.pieceBytes)
    }

    @Test("reads several members as one body, split anywhere, and ignores padding")
    func members() throws {
        let packed = Self.recorded + Self.recorded + Self.recorded
        for cut in 0...packed.count {
            let outcome = try self.decode([Array(packed[..<cut]), Array(packed[cut...])])
            #expect(outcome.text == Self.line + Self.line + Self.line)
            #expect(outcome.isComplete)
        }
        let padded = try self.decode([Self.recorded + [0, 0, 0], [0x1F, 0x8B]])
        #expect(padded.text == Self.line)
        #expect(padded.isSound && padded.isComplete)
    }

    @Test("reads the zlib format, and not bare deflate")
    func zlib() throws {
        let outcome = try self.decode([try Self.pack(Self.line, windowBits: 15) + [1, 2, 3]])
        #expect(outcome.text == Self.line)
        #expect(outcome.isSound && outcome.isComplete)
        #expect(try !self.decode([try Self.pack(Self.line, windowBits: -15)]).isSound)
    }

    @Test("knows a body that is cut: what came is told, but it is not whole")
    func cut() throws {
        for count in 0..<Self.recorded.count {
            let outcome = try self.decode([Array(Self.recorded.prefix(count))])
            #expect(outcome.isSound)
            #expect(!outcome.isComplete)
            #expect(Self.line.starts(with: outcome.text))
        }
        let second = try self.decode([Self.recorded + Self.recorded.prefix(15)])
        #expect(second.isSound && !second.isComplete)
    }

    @Test("gives up on a body that is damaged at any byte, and says so")
    func damaged() throws {
        // Time, extra flags and system in the header are anybody's.
        for place in Self.recorded.indices where !(4..<10).contains(place) {
            var damaged = Self.recorded
            damaged[place] ^= 0x55
            let outcome = try self.decode([damaged])
            #expect(!outcome.isSound || !outcome.isComplete, "byte \(place)")
            #expect(outcome.text.count < 1 << 20)
        }
    }

    @Test("survives anything")
    func garbage() throws {
        var state: UInt64 = 4_711
        for round in 0..<2_000 {
            var bytes: [UInt8] = round.isMultiple(of: 2) ? [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] : []
            for _ in 0..<64 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(UInt8(truncatingIfNeeded: state >> 33))
            }
            let outcome = try self.decode([bytes, bytes])
            #expect(!outcome.isComplete || outcome.isSound)
        }
    }

    @Test("stops at a bomb, and hands on nothing more")
    func bomb() throws {
        let packed = try Self.pack([UInt8](repeating: 0x20, count: 32 << 20))
        #expect(packed.count < 64 << 10)
        let outcome = try self.decode([packed, packed])
        #expect(!outcome.isSound && !outcome.isComplete)
        #expect(outcome.text.count <= 100 * packed.count)

        let small = try self.decode([packed], limits: DecompressionLimits(outputBytes: 1_000_000, ratio: .max))
        #expect(!small.isSound)
        #expect(small.text.count <= 1_000_000)
        let allowed = try self.decode([packed], limits: DecompressionLimits(outputBytes: 32 << 20, ratio: 2_000))
        #expect(allowed.isSound && allowed.isComplete)
    }

    @Test("says no again after it has failed")
    func staysFailed() throws {
        let decoder = try #require(InflateDecoder())
        for _ in 0..<3 {
            let isSound = Array("plain".utf8).withUnsafeBytes { bytes in
                decoder.feed(bytes) { _ in Issue.record("there is nothing to hand on") }
            }
            #expect(!isSound)
        }
        #expect(!decoder.isComplete)
    }

    @Test(
        "is made for the codings that it knows",
        arguments: [
            ("gzip", true), ("GZip", true), ("x-gzip", true), (" deflate\t", true), ("br", false), ("zstd", false),
            ("identity", false), ("", false), ("gzip, gzip", false), ("gzip, br", false),
        ])
    func codings(name: String, isKnown: Bool) {
        #expect((InflateDecoders().decoder(for: name) != nil) == isKnown)
    }
}
