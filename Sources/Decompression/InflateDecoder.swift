import CZlib
public import ProxyCore

/// Decodes gzip (RFC 1952), of one member or several, and zlib (RFC 1950), whichever the bytes begin with.
///
/// Takes some 60 KiB. Not Sendable: it belongs to the event loop of its answer.
public final class InflateDecoder: SideDecoder {
    private enum Phase {
        /// Within a member, its beginning included.
        case decoding
        /// A member has ended; another one may follow.
        case betweenMembers
        /// What follows the body does not belong to it.
        case ended
        /// Not to be decoded, or too much.
        case failed
    }

    /// The size of the pieces that are handed on, in bytes.
    public static let pieceBytes = 16_384
    /// The widest window, and 32 for finding out by the header which format it is (`inflateInit2` in zlib.h).
    private static let windowBits: Int32 = 15 + 32
    /// The first byte of every gzip member.
    private static let memberMark: UInt8 = 0x1F

    private let limits: DecompressionLimits
    // zlib keeps a pointer back to the stream in its own state, so the stream must not move. `init` allocates it and
    // `deinit`, which runs once, frees it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let piece: UnsafeMutableRawBufferPointer
    private var phase = Phase.decoding
    private var isGzip = false
    private var takenBytes = 0
    private var givenBytes = 0

    /// Begins with nothing; `nil` if there is no memory.
    public init?(limits: DecompressionLimits = DecompressionLimits()) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard czlib_inflate_init(stream, Self.windowBits) == Z_OK else {
            // Nothing of this object is there yet, so its `deinit` does not run.
            stream.deinitialize(count: 1)
            stream.deallocate()
            return nil
        }
        self.limits = limits
        self.stream = stream
        self.piece = .allocate(byteCount: Self.pieceBytes, alignment: 1)
    }

    deinit {
        inflateEnd(self.stream)
        self.stream.deinitialize(count: 1)
        self.stream.deallocate()
        self.piece.deallocate()
    }

    /// Whether the bytes so far are a whole body: every member that began has ended, with the right checksum.
    public var isComplete: Bool {
        switch self.phase {
        case .betweenMembers, .ended: true
        case .decoding, .failed: false
        }
    }

    /// Takes the next piece of the body and hands on what it decodes to, in pieces of at most ``pieceBytes``.
    ///
    /// `false` once the body is not what it should be or one of the limits is passed; nothing follows then.
    public func feed(_ bytes: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) -> Void) -> Bool {
        var rest = bytes
        while !rest.isEmpty, self.prepare(for: rest[0]) {
            // zlib counts in 32 bits.
            let turn = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            let taken = self.inflate(turn, output)
            // zlib always takes something; should it not, this does not go on for ever.
            if taken == 0 { break }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
        }
        return self.phase != .failed
    }

    /// Gets ready for a byte; `false` if it is not to be decoded.
    private func prepare(for byte: UInt8) -> Bool {
        switch self.phase {
        case .decoding:
            if self.takenBytes == 0 { self.isGzip = byte == Self.memberMark }
            return true
        case .betweenMembers:
            // Padding after the last member is no fault; gzip(1) ignores it too.
            guard self.isGzip, byte == Self.memberMark, inflateReset(self.stream) == Z_OK else {
                self.phase = .ended
                return false
            }
            self.phase = .decoding
            return true
        case .ended, .failed:
            return false
        }
    }

    /// Decodes until the bytes are taken, a member ends or something is wrong; how many bytes were taken.
    private func inflate(_ bytes: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) -> Void) -> Int {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return 0 }
        let before = self.takenBytes
        // zlib reads from there only, its type just does not say so.
        self.stream.pointee.next_in = UnsafeMutablePointer(mutating: base)
        self.stream.pointee.avail_in = UInt32(bytes.count)
        defer {
            // The bytes are lent for this call.
            self.stream.pointee.next_in = nil
            self.stream.pointee.avail_in = 0
        }
        while self.phase == .decoding {
            self.stream.pointee.next_out = self.piece.bindMemory(to: UInt8.self).baseAddress
            self.stream.pointee.avail_out = UInt32(self.piece.count)
            let status = CZlib.inflate(self.stream, Z_NO_FLUSH)
            self.takenBytes = before + bytes.count - Int(self.stream.pointee.avail_in)
            let count = self.piece.count - Int(self.stream.pointee.avail_out)
            self.givenBytes += count
            guard self.limits.allow(output: self.givenBytes, from: self.takenBytes) else {
                self.phase = .failed
                break
            }
            switch status {
            case Z_OK, Z_STREAM_END:
                if count > 0 { output(UnsafeRawBufferPointer(rebasing: self.piece[..<count])) }
                if status == Z_STREAM_END { self.phase = .betweenMembers }
            case Z_BUF_ERROR:
                // Nothing could be done with what there is: more bytes are needed.
                return self.takenBytes - before
            default:
                self.phase = .failed
            }
            // A piece that is not full is the last one of these bytes.
            if self.stream.pointee.avail_in == 0, self.stream.pointee.avail_out > 0 { break }
        }
        return self.takenBytes - before
    }
}

@available(*, unavailable)
extension InflateDecoder: Sendable {}
