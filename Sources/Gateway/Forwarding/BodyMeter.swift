import NIOCore
import ProxyCore

/// How an answer is read on its way to the caller.
struct AnswerReading: Sendable {
    /// The dialect of the request, which tells how usage is written.
    var dialect: Dialect
    /// Whether an event that brings nothing but usage is taken out, because only the daemon asked for it.
    var removesUsage = false
    /// Looks into bodies that come compressed.
    var decoders: (any SideDecoders)?
}

/// Reads what an answer took from bytes that pass untouched: plain bodies, and whatever is compressed.
///
/// Bound to the exchange's event loop.
struct BodyMeter {
    /// Reads the events of a stream that the relay cannot read, because it is compressed.
    private struct CodedEvents {
        var reader = EventStreamReader()

        mutating func take(_ bytes: UnsafeRawBufferPointer, _ meter: inout UsageMeter) {
            var index = 0
            while let event = Self.next(in: bytes, from: &index, &self.reader, &meter) {
                if !event.isTruncated { event.data.withUnsafeBytes { meter.feed($0) } }
                meter.endEvent()
            }
        }

        private static func next(
            in bytes: UnsafeRawBufferPointer, from index: inout Int, _ reader: inout EventStreamReader,
            _ meter: inout UsageMeter
        ) -> EventStreamReader.Event? {
            reader.next(in: bytes, from: &index) { meter.feed($0) }
        }
    }

    private var meter: UsageMeter
    private var events: CodedEvents?
    private var decoder: (any SideDecoder)?
    /// Whether the decoder gave up: what came before it did counts for nothing.
    private var isLost = false
    private let isStream: Bool

    /// The meter for an answer; `nil` if it can tell nothing of its usage.
    init?(of head: ResponseHead, _ reading: AnswerReading) {
        guard head.isEventStream || head.isJSON || head.isNDJSON else { return nil }
        if !head.isUncoded {
            guard let coding = head.singleCoding, let decoder = reading.decoders?.decoder(for: coding) else {
                return nil
            }
            self.decoder = decoder
        }
        self.isStream = head.isEventStream
        if head.isEventStream { self.events = CodedEvents() }
        self.meter = UsageMeter(dialect: reading.dialect)
    }

    /// Reads the next piece.
    mutating func take(_ piece: ByteBuffer) {
        guard !self.isLost else { return }
        guard let decoder else {
            piece.withUnsafeReadableBytes { Self.read($0, &self.events, &self.meter) }
            return
        }
        var (events, meter) = (self.events, self.meter)
        let isSound = piece.withUnsafeReadableBytes { bytes in
            decoder.feed(bytes) { Self.read($0, &events, &meter) }
        }
        (self.events, self.meter) = (events, meter)
        self.isLost = !isSound
    }

    /// What the answer told so far; `nil` if nothing is known.
    func usage(isComplete: Bool) -> TokenUsage? {
        self.isLost ? nil : self.meter.usage(isStream: self.isStream, isComplete: isComplete)
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ events: inout CodedEvents?, _ meter: inout UsageMeter
    ) {
        if events == nil { meter.feed(bytes) } else { events?.take(bytes, &meter) }
    }
}
