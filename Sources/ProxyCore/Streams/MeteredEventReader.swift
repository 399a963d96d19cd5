/// Reads the events of a stream, and on the way what they say of tokens, however long they are.
public struct MeteredEventReader: Sendable {
    /// So many patterns are made in a row without an event that has the form of one: such a stream does not repeat itself.
    private static let mostPatterns = 16

    /// The events.
    public private(set) var reader = EventStreamReader()
    /// What they said.
    public private(set) var meter: UsageMeter

    /// Whether patterns are made of events, for ``skipRepeated(in:from:)``.
    var makesPatterns = false
    private var pattern: EventPattern?
    private var patternsLeft = Self.mostPatterns

    /// Makes a reader at the beginning of a stream that answers a request of this dialect.
    public init(dialect: Dialect) {
        self.meter = UsageMeter(dialect: dialect)
    }

    /// Reads on to the end of the next event; as ``EventStreamReader/next(in:from:)``.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer, from index: inout Int
    ) -> EventStreamReader.Event? {
        guard let event = Self.next(in: bytes, from: &index, &self.reader, &self.meter) else { return nil }
        let length = Int(event.end - event.start)
        self.read(event, length <= index ? UnsafeRawBufferPointer(rebasing: bytes[(index - length)..<index]) : nil)
        return event
    }

    /// Reads the next event if it is like one that was read before, of which a pattern was made: it shows the same, that is
    /// content and neither an error nor the end, and tells nothing but how long its text is.
    ///
    /// `false`, and nothing read, for any other, and for one that is not all there.
    mutating func skipRepeated(in bytes: UnsafeRawBufferPointer, from index: inout Int) -> Bool {
        guard self.reader.isBetweenEvents, let match = self.pattern?.match(bytes, from: index) else { return false }
        self.reader.skipEvent(length: match.end - index)
        self.meter.countRepeated(textLength: match.textLength)
        self.patternsLeft = Self.mostPatterns
        index = match.end
        return true
    }

    /// Ends the stream: the event that it cut, if there is one.
    public mutating func finish() -> EventStreamReader.Event? {
        guard let event = self.reader.finish() else { return nil }
        self.read(event, nil)
        return event
    }

    /// Reads what an event says; `whole` is all of it as it came, unless it came in pieces.
    private mutating func read(_ event: EventStreamReader.Event, _ whole: UnsafeRawBufferPointer?) {
        if self.makesPatterns, self.patternsLeft > 0, let whole, event.end - event.start <= EventPattern.longestEvent,
            StreamMeaning.isPlain(event)
        {
            if let pattern = self.meter.feedForPattern(event.data, of: whole) {
                self.pattern = pattern
                self.patternsLeft -= 1
            }
        } else if !event.isTruncated {
            // Of a longer one the meter has seen all while it came.
            event.data.withUnsafeBytes { self.meter.feed($0) }
        }
        // Another model may have been told: an event that names the former one would tell that again.
        if self.meter.hasFindings { self.pattern = nil }
        self.meter.endEvent()
    }

    /// Both at once, which their owner cannot hand out to a closure of its own.
    private static func next(
        in bytes: UnsafeRawBufferPointer, from index: inout Int, _ reader: inout EventStreamReader,
        _ meter: inout UsageMeter
    ) -> EventStreamReader.Event? {
        reader.next(in: bytes, from: &index) { meter.feed($0) }
    }
}
