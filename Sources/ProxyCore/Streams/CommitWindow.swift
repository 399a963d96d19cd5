/// How much of a stream is held back until an event commits it, at most: so many events and so many bytes.
///
/// It counts from the beginning of the stream, so that the decision does not depend on the pieces in which it comes.
public struct CommitWindow: Sendable, Equatable {
    /// The most events that are held back, comments included.
    public static let maximumEvents = 64
    /// The most bytes that are held back.
    public static let maximumBytes: Int64 = 262_144

    /// The events that were held back so far.
    public private(set) var events = 0

    /// Makes an empty window.
    public init() {}

    /// Takes one more event, which ends at that offset; `false` if it is one too many.
    public mutating func take(eventEndingAt end: Int64) -> Bool {
        guard self.events < Self.maximumEvents, self.hasRoom(for: end) else { return false }
        self.events += 1
        return true
    }

    /// Whether so many bytes from the beginning of the stream may be held back.
    public func hasRoom(for bytes: Int64) -> Bool { bytes <= Self.maximumBytes }
}
