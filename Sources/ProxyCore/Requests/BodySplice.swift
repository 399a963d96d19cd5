public import NIOCore

/// Which ranges of a body other bytes take the place of; every byte outside of them stays.
public struct BodySplice: Sendable, Equatable {
    /// One change.
    public struct Edit: Sendable, Equatable {
        /// The bytes that go, as offsets in the original; empty for an insertion.
        public var range: Range<Int64>
        /// The bytes that come.
        public var replacement: ByteBuffer

        /// Makes a change.
        public init(range: Range<Int64>, replacement: ByteBuffer) {
            self.range = range
            self.replacement = replacement
        }
    }

    /// The changes in order of their place.
    public let edits: [Edit]

    /// Makes a splice of changes that do not overlap; `nil` if they do.
    public init?(_ edits: [Edit]) {
        let sorted = edits.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        for (earlier, later) in zip(sorted, sorted.dropFirst()) where earlier.range.upperBound > later.range.lowerBound
        {
            return nil
        }
        self.edits = sorted
    }

    /// The length of the body after the changes.
    public func length(of original: Int64) -> Int64 {
        self.edits.reduce(original) { $0 + Int64($1.replacement.readableBytes) - Int64($1.range.count) }
    }
}
