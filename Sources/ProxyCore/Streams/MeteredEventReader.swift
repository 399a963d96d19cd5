/// Reads the events of a stream, and on the way what they say of tokens, however long they are.
public struct MeteredEventReader: Sendable {
    /// The events.
    public private(set) var reader = EventStreamReader()
    /// What they said.
    public private(set) var meter: UsageMeter

    /// Makes a reader at the beginning of a stream that answers a request of this dialect.
    public init(dialect: Dialect) {
        self.meter = UsageMeter(dialect: dialect)
    }

    /// Reads on to the end of the next event; as ``EventStreamReader/next(in:from:)``.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer, from index: inout Int
    ) -> EventStreamReader.Event? {
        guard let event = Self.next(in: bytes, from: &index, &self.reader, &self.meter) else { return nil }
        self.read(event)
        return event
    }

    /// Ends the stream: the event that it cut, if there is one.
    public mutating func finish() -> EventStreamReader.Event? {
        guard let event = self.reader.finish() else { return nil }
        self.read(event)
        return event
    }

    private mutating func read(_ event: EventStreamReader.Event) {
        // Of a longer one the meter has seen all while it came.
        if !event.isTruncated { event.data.withUnsafeBytes { self.meter.feed($0) } }
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
