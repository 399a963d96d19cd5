import NIOCore
import ProxyCore

/// Looks at an event stream while it passes: which event commits it, which tells of an error, and whether it moves at all.
///
/// A pure value. What it decides does not depend on the pieces in which the stream comes.
struct StreamWatch: Sendable {
    /// What becomes of a stream that is held back.
    enum Decision: Equatable {
        /// It is passed on: it holds something, or too much of it is held back.
        case commits
        /// It is the provider's way of saying that it failed.
        case fails(ProviderErrorDetails)
    }

    /// What a piece of the stream showed.
    struct Finding: Equatable {
        /// The decision, in the piece in which it falls.
        var decision: Decision?
        /// The first error behind the event that committed the stream.
        var lateError: ProviderErrorDetails?
        /// Whether it brought more than comments and pings.
        var isProgress = false
    }

    /// An event with more data than this is no ping, and so each byte of it is progress.
    private static let longestPing: Int64 = 1_024

    private var reader = EventStreamReader()
    private var window = CommitWindow()
    private var isDecided = false
    private var hasErred = false

    /// Looks at the next piece.
    mutating func look(at piece: ByteBuffer) -> Finding {
        var finding = Finding()
        var rest = piece
        while let event = self.reader.next(in: &rest) { self.look(at: event, &finding) }
        if self.reader.pendingDataLength > Self.longestPing { finding.isProgress = true }
        // A line that is no field may be anything but a stream whose events could be waited for.
        if !self.window.hasRoom(for: self.reader.offset) || self.reader.pendingFields.contains(.unknown) {
            self.decide(.commits, &finding)
        }
        return finding
    }

    /// Looks at what the end of the stream cut.
    mutating func finish() -> Finding {
        var finding = Finding()
        if let event = self.reader.finish() { self.look(at: event, &finding) }
        self.decide(.commits, &finding)
        return finding
    }

    private mutating func look(at event: EventStreamReader.Event, _ finding: inout Finding) {
        if !StreamMeaning.isKeepAlive(event) { finding.isProgress = true }
        if !self.isDecided {
            if event.fields.contains(.unknown) || !self.window.take(eventEndingAt: event.end) {
                self.decide(.commits, &finding)
            } else {
                switch StreamMeaning(of: event) {
                case .error(let details):
                    self.hasErred = true
                    return self.decide(.fails(details), &finding)
                case .content, .end: return self.decide(.commits, &finding)
                case .keepAlive, .preamble: return
                }
            }
        }
        if !self.hasErred, let details = StreamMeaning.error(in: event) {
            self.hasErred = true
            finding.lateError = details
        }
    }

    private mutating func decide(_ decision: Decision, _ finding: inout Finding) {
        guard !self.isDecided else { return }
        self.isDecided = true
        finding.decision = decision
    }
}
