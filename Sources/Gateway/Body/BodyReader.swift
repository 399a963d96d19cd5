import NIOCore
import ProxyCore

/// Reads a kept body from its beginning for one attempt, with ranges of it replaced by other bytes if need be.
///
/// Bound to the exchange's event loop.
final class BodyReader {
    private let body: KeptBody
    private var edits: ArraySlice<BodySplice.Edit>
    private var offset: Int64 = 0

    init(body: KeptBody, splice: BodySplice?) {
        self.body = body
        self.edits = (splice?.edits ?? [])[...]
    }

    /// The next bytes, at most `limit` of the body's own.
    func next(upTo limit: Int) -> KeptBody.Reading {
        var limit = limit
        while let edit = self.edits.first {
            guard edit.range.lowerBound == self.offset else {
                limit = Int(min(Int64(limit), edit.range.lowerBound - self.offset))
                break
            }
            self.offset = edit.range.upperBound
            self.edits.removeFirst()
            if edit.replacement.readableBytes > 0 { return .bytes(edit.replacement) }
        }
        return self.advance(self.body.read(from: self.offset, upTo: limit))
    }

    /// All of the body, if it can be read now and is not longer than that; `nil`, and nothing is read, if not.
    ///
    /// - Parameter length: How long it is, with its changes.
    func whole(of length: Int64, upTo limit: Int) -> ByteBuffer? {
        guard length <= limit, self.body.isInMemory else { return nil }
        var whole: ByteBuffer?
        while case .bytes(let bytes) = self.next(upTo: limit) {
            if whole?.writeImmutableBuffer(bytes) == nil { whole = bytes }
        }
        return whole
    }

    private func advance(_ reading: KeptBody.Reading) -> KeptBody.Reading {
        switch reading {
        case .bytes(let bytes):
            self.offset += Int64(bytes.readableBytes)
            return reading
        case .later(let future):
            return .later(
                future.assumeIsolated().map { bytes in
                    self.offset += Int64(bytes.readableBytes)
                    return bytes
                }.nonisolated()
            )
        case .notYet, .end, .gone:
            return reading
        }
    }
}
