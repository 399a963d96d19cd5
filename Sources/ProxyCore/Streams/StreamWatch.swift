/// Looks at the events of a stream while they pass: which one commits it, which tells of an error, and whether it moves at
/// all.
public struct StreamWatch: Sendable {
    /// What becomes of a stream that is held back.
    public enum Decision: Sendable, Equatable {
        /// It is passed on: it holds something, or too much of it is held back.
        case commits
        /// It is the provider's way of saying that it failed.
        case fails(ProviderErrorDetails)
    }

    /// What a piece of the stream showed.
    public struct Finding: Sendable, Equatable {
        /// The decision, in the piece in which it falls.
        public var decision: Decision?
        /// The first error behind the event that committed the stream.
        public var lateError: ProviderErrorDetails?
        /// Whether it brought more than comments and pings.
        public var isProgress = false

        /// Shows nothing.
        public init() {}
    }

    /// An event with more data than this is no ping, and so each byte of it is progress.
    private static let longestPing: Int64 = 1_024

    private var window = CommitWindow()
    /// Whether it is known what becomes of the stream.
    private(set) var isDecided = false
    private var hasErred = false

    /// Begins with a stream that is held back.
    public init() {}

    /// Looks at the next event.
    mutating func look(at event: EventStreamReader.Event, _ finding: inout Finding) {
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

    /// Looks at how much of the stream has come, and at what is known of the event that has begun.
    mutating func look(at reader: EventStreamReader, _ finding: inout Finding) {
        if reader.pendingDataLength > Self.longestPing { finding.isProgress = true }
        // A line that is no field may be anything but a stream whose events could be waited for.
        if !self.window.hasRoom(for: reader.offset) || reader.pendingFields.contains(.unknown) {
            self.decide(.commits, &finding)
        }
    }

    /// The stream has ended: what has not failed is passed on.
    mutating func finish(_ finding: inout Finding) {
        self.decide(.commits, &finding)
    }

    private mutating func decide(_ decision: Decision, _ finding: inout Finding) {
        guard !self.isDecided else { return }
        self.isDecided = true
        finding.decision = decision
    }
}
