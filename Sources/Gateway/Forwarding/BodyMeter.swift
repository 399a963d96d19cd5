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
/// Bound to the exchange's event loop. A class, because event streams that can be read do without it.
final class BodyMeter {
    /// What the bytes are read as.
    private enum Content {
        case body(UsageMeter)
        case events(MeteredEventReader)

        mutating func take(_ bytes: UnsafeRawBufferPointer) {
            switch self {
            case .body(var meter):
                meter.feed(bytes)
                self = .body(meter)
            case .events(var events):
                var index = 0
                while events.next(in: bytes, from: &index) != nil {}
                self = .events(events)
            }
        }
    }

    private var content: Content
    private let decoder: (any SideDecoder)?
    /// Whether the decoder gave up: what came before it did counts for nothing.
    private var isLost = false
    /// Whether the text comes piece by piece, so that one that tells no usage can be guessed from.
    private let isStream: Bool

    /// The meter for an answer with this content; `nil` if it can tell nothing of its usage.
    init?(of head: ResponseHead, _ media: AnswerMedia, _ reading: AnswerReading) {
        guard media != .other else { return nil }
        if head.isUncoded {
            self.decoder = nil
        } else {
            guard let coding = head.singleCoding, let decoder = reading.decoders?.decoder(for: coding) else {
                return nil
            }
            self.decoder = decoder
        }
        self.isStream = media != .json
        self.content =
            media == .eventStream
            ? .events(MeteredEventReader(dialect: reading.dialect)) : .body(UsageMeter(dialect: reading.dialect))
    }

    /// Reads the next piece.
    func take(_ piece: ByteBuffer) {
        guard !self.isLost else { return }
        guard let decoder else { return piece.withUnsafeReadableBytes { self.content.take($0) } }
        var content = self.content
        self.isLost = !piece.withUnsafeReadableBytes { bytes in decoder.feed(bytes) { content.take($0) } }
        self.content = content
    }

    /// What the answer told so far; `nil` if nothing is known.
    func usage(isComplete: Bool) -> TokenUsage? {
        guard !self.isLost else { return nil }
        let isWhole = isComplete && (self.decoder?.isComplete ?? true)
        switch self.content {
        case .body(let meter): return meter.usage(isStream: self.isStream, isComplete: isWhole)
        case .events(var events):
            _ = events.finish()
            return events.meter.usage(isStream: true, isComplete: isWhole)
        }
    }
}
