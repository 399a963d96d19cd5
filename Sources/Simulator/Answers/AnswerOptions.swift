/// What a caller or a scenario asks of the content of an answer.
struct AnswerOptions: Sendable, Equatable {
    /// How many events with content a stream has, and how many pieces the text of a plain answer.
    var events: Int?
    /// Length of the content of each such event in bytes.
    var eventBytes: Int?
    /// How the events of a stream are written.
    var format = EventFormat()

    /// Number of events with content when nobody asks for another one.
    static let usualEvents = 12

    /// The text of an answer that is not determined otherwise.
    func text(usual: Int = AnswerOptions.usualEvents) -> AnswerText {
        .numbered(count: self.events ?? usual, bytes: self.eventBytes)
    }
}
