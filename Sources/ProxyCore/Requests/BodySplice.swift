public import NIOCore

/// Replaces ranges of a body while it passes by in pieces: every byte outside of them stays, and nothing is copied but
/// what is put in.
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

    /// The splice that puts a string, as JSON, in the place of a value.
    public init(replacing range: Range<Int64>, withString text: String) {
        self.edits = [Edit(range: range, replacement: ByteBuffer(bytes: JSONWriter.literal(text)))]
    }

    /// The splice that puts bytes in the place of a range.
    public init(replacing range: Range<Int64>, with bytes: some Sequence<UInt8>) {
        self.edits = [Edit(range: range, replacement: ByteBuffer(bytes: bytes))]
    }

    /// The length of the body after the changes.
    public func length(of original: Int64) -> Int64 {
        self.edits.reduce(original) { $0 + Int64($1.replacement.readableBytes) - Int64($1.range.count) }
    }

    /// A pass over the body from its beginning.
    ///
    /// Each attempt makes its own.
    public func makeCursor() -> Cursor { Cursor(edits: self.edits[...]) }

    /// One pass over a body.
    public struct Cursor: Sendable {
        private var edits: ArraySlice<Edit>
        private var offset: Int64 = 0

        fileprivate init(edits: ArraySlice<Edit>) {
            self.edits = edits
        }

        /// Takes the next piece of the original and hands on what stands in its place, in zero or more pieces that are
        /// never empty.
        public mutating func pass(_ piece: ByteBuffer, to emit: (ByteBuffer) -> Void) {
            var piece = piece
            while piece.readableBytes > 0 {
                guard let edit = self.edits.first else {
                    self.offset += Int64(piece.readableBytes)
                    return emit(piece)
                }
                if self.offset < edit.range.lowerBound {
                    self.take(upTo: edit.range.lowerBound, from: &piece).map(emit)
                } else {
                    self.apply(edit, to: &piece, emit)
                }
            }
        }

        /// Ends the original: hands on what is put in at its very end.
        public mutating func finish(to emit: (ByteBuffer) -> Void) {
            while let edit = self.edits.first, edit.range.lowerBound == self.offset {
                if edit.replacement.readableBytes > 0 { emit(edit.replacement) }
                self.edits.removeFirst()
            }
        }

        private mutating func apply(_ edit: Edit, to piece: inout ByteBuffer, _ emit: (ByteBuffer) -> Void) {
            if self.offset == edit.range.lowerBound, edit.replacement.readableBytes > 0 { emit(edit.replacement) }
            _ = self.take(upTo: edit.range.upperBound, from: &piece)
            if self.offset >= edit.range.upperBound { self.edits.removeFirst() }
        }

        private mutating func take(upTo end: Int64, from piece: inout ByteBuffer) -> ByteBuffer? {
            let count = Int(min(end - self.offset, Int64(piece.readableBytes)))
            guard count > 0 else { return nil }
            self.offset += Int64(count)
            return piece.readSlice(length: count)
        }
    }
}
