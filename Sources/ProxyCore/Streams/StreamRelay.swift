public import NIOCore

/// Passes an event stream on event by event, without changing a byte, and reads on the way what it means and what it took.
///
/// A pure value: what comes out does not depend on the pieces in which the stream comes in, but for where they are cut. An
/// event of up to ``wholeEventLimit`` bytes is passed on when it is complete, a longer one in pieces.
///
/// One thing is taken out if it was asked for: the event that brings nothing but the usage that only the daemon asked for.
public struct StreamRelay: Sendable {
    /// An event up to this size is passed on whole, in bytes.
    public static let wholeEventLimit = 65_536

    /// What a piece of the stream came to.
    public struct Passage: Sendable, Equatable {
        /// What is to be passed on now; may be empty.
        public var bytes = ByteBuffer()
        /// What it showed.
        public var finding = StreamWatch.Finding()

        /// Passes bytes on that show nothing.
        public init(bytes: ByteBuffer = ByteBuffer()) { self.bytes = bytes }
    }

    private var events: MeteredEventReader
    private var watch = StreamWatch()
    private let removesUsage: Bool
    /// What has come and has not been passed on: the event that has begun.
    private var held = ByteBuffer()
    /// Where an event, or a comment, begins that was passed on in part.
    private var openEvent: Int64?
    /// What is to be taken out of ``held``.
    private var cuts: [Range<Int64>] = []
    /// Whether a removed event ended with CR, so that an LF that comes next goes with it.
    private var removesLineFeed = false

    /// Begins with a stream.
    ///
    /// - Parameters:
    ///   - dialect: The dialect of the request, which tells how usage is written.
    ///   - removesUsage: Whether an event that brings nothing but usage is taken out.
    public init(dialect: Dialect, removesUsage: Bool) {
        self.events = MeteredEventReader(dialect: dialect)
        self.removesUsage = removesUsage
    }

    /// Whether what was passed on ends between two events, so that another one may follow.
    public var isBetweenEvents: Bool { self.openEvent == nil }

    /// Whether the event that ends a stream has been passed on, so that nothing is missing if nothing follows.
    public private(set) var hasEnded = false

    /// What the stream told of its tokens so far.
    ///
    /// - Parameter isComplete: Whether it came to its end.
    public func usage(isComplete: Bool) -> TokenUsage? {
        self.events.meter.usage(isStream: true, isComplete: isComplete)
    }

    /// Takes the next piece.
    public mutating func take(_ piece: ByteBuffer) -> Passage {
        var passage = Passage()
        let start = self.events.reader.offset
        let isAlone = self.held.readableBytes == 0
        piece.withUnsafeReadableBytes { bytes in
            if self.removesLineFeed, let first = bytes.first {
                self.removesLineFeed = false
                if first == 0x0A { self.cuts.append(start..<start + 1) }
            }
            var index = 0
            while true {
                if self.watch.isDecided, self.events.skipRepeated(in: bytes, from: &index) {
                    self.openEvent = nil
                    passage.finding.isProgress = true
                    continue
                }
                guard let event = self.events.next(in: bytes, from: &index) else { break }
                self.passed(event, &passage.finding)
                if let cut = self.cuts.last, cut.upperBound == event.end, bytes[index - 1] == 0x0D {
                    self.removeLineFeed(behind: index, in: bytes)
                }
            }
        }
        self.watch.look(at: self.events.reader, &passage.finding)
        // Before that an event may still decide more than what it shows.
        if self.watch.isDecided { self.events.makesPatterns = true }
        // Most pieces end with an event, and are passed on as they came.
        if isAlone, self.cuts.isEmpty, self.openEvent == nil,
            self.events.reader.pendingStart == self.events.reader.offset
        {
            passage.bytes = piece
            return passage
        }
        if isAlone { self.held = piece } else { self.held.writeImmutableBuffer(piece) }
        passage.bytes = self.handOut()
        return passage
    }

    /// Ends the stream: what it cut off is passed on as it is.
    public mutating func finish() -> Passage {
        var passage = Passage()
        if let event = self.events.finish() { self.passed(event, &passage.finding) }
        self.watch.finish(&passage.finding)
        passage.bytes = self.handOut(upTo: self.events.reader.offset)
        return passage
    }

    private mutating func passed(_ event: EventStreamReader.Event, _ finding: inout StreamWatch.Finding) {
        let wasOpened = self.openEvent.map { $0 >= event.fieldsStart } ?? false
        self.openEvent = nil
        // An error is not to vanish with it, and comments belong to no event.
        if self.removesUsage, !wasOpened, self.events.meter.isBareUsage, Self.isHeldWhole(event),
            StreamMeaning.error(in: event) == nil
        {
            self.cuts.append(event.fieldsStart..<event.end)
        }
        if StreamMeaning.isLast(event) { self.hasEnded = true }
        self.watch.look(at: event, &finding)
    }

    /// Whether an event is passed on whole in whatever pieces it comes.
    private static func isHeldWhole(_ event: EventStreamReader.Event) -> Bool {
        event.end - event.fieldsStart <= Int64(self.wholeEventLimit) && !event.fields.contains(.unknown)
    }

    /// An event that ended with CR was taken out: the LF that belongs to its line end goes too.
    private mutating func removeLineFeed(behind index: Int, in bytes: UnsafeRawBufferPointer) {
        guard index < bytes.count else {
            self.removesLineFeed = true
            return
        }
        guard bytes[index] == 0x0A, let cut = self.cuts.popLast() else { return }
        self.cuts.append(cut.lowerBound..<cut.upperBound + 1)
    }

    /// What may be passed on by now: all but the event that has begun, unless that is too long to be waited for.
    private mutating func handOut() -> ByteBuffer {
        let end = self.events.reader.offset
        let pending = self.events.reader.pendingStart
        // A comment that was too long to be waited for is over.
        if let open = self.openEvent, open < pending { self.openEvent = nil }
        if self.openEvent == nil {
            // What is no field may be no stream of events at all, and is not waited for.
            guard
                end - pending > Int64(Self.wholeEventLimit)
                    || (end > pending && self.events.reader.pendingFields.contains(.unknown))
            else { return self.handOut(upTo: pending) }
            self.openEvent = pending
        }
        return self.handOut(upTo: end)
    }

    private mutating func handOut(upTo end: Int64) -> ByteBuffer {
        var start = self.events.reader.offset - Int64(self.held.readableBytes)
        guard end > start else { return ByteBuffer() }
        var bytes = ByteBuffer()
        for cut in self.cuts {
            if var kept = self.held.readSlice(length: Int(cut.lowerBound - start)) { bytes.writeBuffer(&kept) }
            self.held.moveReaderIndex(forwardBy: cut.count)
            start = cut.upperBound
        }
        self.cuts.removeAll()
        if var rest = self.held.readSlice(length: Int(end - start)) {
            if bytes.readableBytes == 0 { bytes = rest } else { bytes.writeBuffer(&rest) }
        }
        // What stays gets a buffer of its own: it would keep that of a socket's read for an event that has barely begun, and
        // all that was passed on before it, as what comes next is written behind it.
        self.held = self.held.readableBytes == 0 ? ByteBuffer() : ByteBuffer(buffer: self.held)
        return bytes
    }
}
