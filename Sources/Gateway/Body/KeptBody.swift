import NIOCore
import ProxyCore

/// A request's body, kept until its answer is committed so that it can be sent again: the beginning in memory, the rest
/// in a spool file.
///
/// Bound to the exchange's event loop.
///
/// When the file cannot be written the body flows on through memory, can then be read only once, and is not repeated.
final class KeptBody {
    /// What ``read(from:upTo:)`` found.
    enum Reading {
        /// These bytes, at least one.
        case bytes(ByteBuffer)
        /// These bytes, once they have been read back from the file.
        case later(EventLoopFuture<ByteBuffer>)
        /// Nothing yet; ``onMore`` tells when to ask again.
        case notYet
        /// The body ends here.
        case end
        /// The bytes are gone: they were read before, after the file had failed.
        case gone
    }

    /// Bytes that wait to be written to the file at once; twice as many and the caller is held back.
    private static let writeSize = 256 * 1024

    private let eventLoop: any EventLoop
    private let spool: BodySpool?
    private let memoryLimit: Int

    /// The beginning of the body, in pieces; bytes `0 ..< memoryBytes`.
    private var memory: [ByteBuffer] = []
    private var memoryBytes: Int64 = 0
    /// Bytes `memoryBytes ..< memoryBytes + fileBytes`.
    private var file: SpoolFile?
    private var fileBytes: Int64 = 0
    /// What is being written to the file; it follows what is there.
    private var writing: ByteBuffer?
    /// What waits to be written: the last bytes of those received.
    private var waiting = ByteBuffer()
    /// Where ``waiting`` begins in the body.
    private var waitingStart: Int64 { self.received - Int64(self.waiting.readableBytes) }

    /// How many bytes have arrived.
    private(set) var received: Int64 = 0
    /// Whether all of the body has arrived.
    private(set) var isComplete = false
    /// Why the body cannot be read a second time, if so.
    private(set) var spoolFailure: (any Error)?
    /// Whether the caller should send no more for now.
    private(set) var wantsPause = false

    /// Called when ``wantsPause`` has changed.
    var onPauseChange: (() -> Void)?
    /// Called when there may be more to read, or when the body is complete and written.
    var onMore: (() -> Void)?
    /// Called once when the file failed.
    var onSpoolFailure: ((any Error) -> Void)?
    /// Whether a body whose file failed is held in memory whole rather than held back until it is read.
    var holdsUnwritten = false { didSet { self.updatePause() } }

    init(eventLoop: any EventLoop, spool: BodySpool?, memoryLimit: Int) {
        self.eventLoop = eventLoop
        self.spool = spool
        self.memoryLimit = memoryLimit
    }

    private var flushed: Int64 { self.memoryBytes + self.fileBytes }

    /// Whether the whole body can be read from its beginning as often as needed.
    var isRepeatable: Bool { self.spoolFailure == nil }

    /// Whether all of it has come and lies in memory, where it can be read at once.
    var isInMemory: Bool { self.isComplete && self.memoryBytes == self.received && self.spoolFailure == nil }

    /// Takes the next piece from the caller.
    func append(_ piece: ByteBuffer) {
        let isAllInMemory = self.received == self.memoryBytes && self.spoolFailure == nil
        self.received += Int64(piece.readableBytes)
        if isAllInMemory, self.received <= Int64(self.memoryLimit) {
            self.keepInMemory(piece)
        } else {
            var piece = piece
            // Room for all that may come before it is written, so that it never grows by copying.
            if self.waiting.capacity == 0 {
                self.waiting = ByteBufferAllocator().buffer(capacity: 2 * Self.writeSize + piece.readableBytes)
            }
            // Something has been handed out only where the file failed; it would stay in front of all that follows.
            self.waiting.discardReadBytes()
            self.waiting.writeBuffer(&piece)
            self.writeIfWorthwhile()
        }
        self.updatePause()
        self.onMore?()
    }

    /// Notes that the caller has sent all of it.
    func finish() {
        self.isComplete = true
        self.writeIfWorthwhile()
        self.onMore?()
    }

    /// Lets go of everything; nothing is called any more.
    func discard() {
        self.onMore = nil
        self.onPauseChange = nil
        self.onSpoolFailure = nil
        self.memory = []
        self.waiting = ByteBuffer()
        self.writing = nil
        self.file = nil
    }

    /// Reads up to `limit` bytes from `offset`.
    func read(from offset: Int64, upTo limit: Int) -> Reading {
        if offset < self.memoryBytes { return self.readMemory(from: offset, upTo: limit) }
        if offset < self.flushed, let file {
            let count = min(Int64(limit), self.flushed - offset)
            return .later(file.read(Int(count), at: offset - self.memoryBytes, on: self.eventLoop))
        }
        if offset >= self.received { return self.isComplete ? .end : .notYet }
        // The bytes wait for the file. Only once that has failed are they handed out, and let go of, directly.
        guard self.spoolFailure != nil else { return .notYet }
        guard offset == self.waitingStart else { return .gone }
        guard let bytes = self.waiting.readSlice(length: min(limit, self.waiting.readableBytes)) else { return .notYet }
        if self.waiting.readableBytes == 0 { self.waiting = ByteBuffer() }
        self.updatePause()
        return .bytes(bytes)
    }

    private func keepInMemory(_ piece: ByteBuffer) {
        var piece = piece
        self.memoryBytes += Int64(piece.readableBytes)
        // Small pieces are joined: each would keep the whole buffer of its socket read alive.
        if var last = self.memory.popLast() {
            let fits = last.readableBytes + piece.readableBytes <= Self.writeSize
            if fits {
                last.writeBuffer(&piece)
            }
            self.memory.append(last)
            if fits { return }
            // A body with a second piece is likely to have a third one.
            var next = ByteBufferAllocator().buffer(capacity: max(Self.writeSize, piece.readableBytes))
            next.writeBuffer(&piece)
            self.memory.append(next)
        } else {
            self.memory.append(piece)
        }
    }

    private func readMemory(from offset: Int64, upTo limit: Int) -> Reading {
        var start: Int64 = 0
        for piece in self.memory {
            let end = start + Int64(piece.readableBytes)
            if offset < end {
                let skip = Int(offset - start)
                let count = min(limit, piece.readableBytes - skip)
                guard let slice = piece.getSlice(at: piece.readerIndex + skip, length: count) else { return .gone }
                return .bytes(slice)
            }
            start = end
        }
        return .gone
    }

    // MARK: The file

    private func writeIfWorthwhile() {
        guard self.spoolFailure == nil, self.writing == nil, self.waiting.readableBytes > 0 else { return }
        guard self.isComplete || self.waiting.readableBytes >= Self.writeSize else { return }
        guard let spool else { return self.fail(BodySpool.Failure(call: "open", errorNumber: 0)) }
        if let file {
            self.write(to: file)
        } else {
            self.writing = ByteBuffer()
            spool.makeFile(on: self.eventLoop).assumeIsolated().whenComplete { result in
                self.writing = nil
                switch result {
                case .success(let file):
                    self.file = file
                    self.write(to: file)
                case .failure(let error):
                    self.fail(error)
                }
            }
        }
    }

    private func write(to file: SpoolFile) {
        let bytes = self.waiting
        self.writing = bytes
        self.waiting = ByteBuffer()
        file.write(bytes, at: self.fileBytes, on: self.eventLoop).assumeIsolated().whenComplete { result in
            self.writing = nil
            switch result {
            case .success:
                self.fileBytes += Int64(bytes.readableBytes)
                self.writeIfWorthwhile()
                self.updatePause()
                self.onMore?()
            case .failure(let error):
                // What could not be written is still there, in front of what has come since.
                var unwritten = bytes
                unwritten.writeImmutableBuffer(self.waiting)
                self.waiting = unwritten
                self.fail(error)
            }
        }
    }

    private func fail(_ error: any Error) {
        guard self.spoolFailure == nil else { return }
        self.spoolFailure = error
        self.onSpoolFailure?(error)
        self.updatePause()
        self.onMore?()
    }

    private func updatePause() {
        let wanted =
            self.waiting.readableBytes >= 2 * Self.writeSize && !(self.spoolFailure != nil && self.holdsUnwritten)
        guard wanted != self.wantsPause else { return }
        self.wantsPause = wanted
        self.onPauseChange?()
    }
}
