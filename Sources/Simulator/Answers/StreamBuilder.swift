import NIOCore

/// Collects the events of a stream in their order.
struct StreamBuilder {
    private(set) var segments: [AnswerScript.Segment] = []
    private var reports: [UsageReport] = []
    private let options: AnswerOptions
    /// The number that the next event carries, in dialects that number their events.
    private(set) var sequence = 0

    /// Starts an empty stream.
    init(_ options: AnswerOptions) {
        self.options = options
    }

    /// Appends an event.
    mutating func event(_ value: JSONValue, name: String? = nil) {
        self.segments.append(.piece(self.options.format.event(value, name: name), isEvent: true))
        self.sequence += 1
    }

    /// Appends an event whose data is not JSON.
    mutating func event(text: String) {
        self.segments.append(.piece(self.options.format.event(text), isEvent: true))
        self.sequence += 1
    }

    /// Appends a comment.
    mutating func comment(_ text: String) {
        self.segments.append(.piece(self.options.format.comment(text), isEvent: false))
    }

    /// Appends one event for each piece of `text`; `value` holds the markers of `PieceTemplate`.
    mutating func events(_ value: JSONValue, name: String? = nil, text: AnswerText) {
        var template = self.options.format.template(value, name: name)
        template.firstSequence = self.sequence
        self.segments.append(.repeated(template, text, isEvent: true))
        self.sequence += text.count
    }

    /// Says that the event that was appended last reports a usage.
    mutating func report(_ tokens: ReportedTokens) {
        self.reports.append(UsageReport(events: self.sequence...self.sequence, tokens: tokens))
    }

    /// Says that the last `count` events report a usage whose output grows by one token with each.
    mutating func report(_ tokens: ReportedTokens, growingOver count: Int) {
        guard count > 0 else { return }
        let events = (self.sequence - count + 1)...self.sequence
        self.reports.append(UsageReport(events: events, tokens: tokens, outputStep: 1))
    }

    /// The stream as an answer.
    func script(headers: [AnswerScript.HeaderLine], errorEvent: PieceTemplate, keepAlive: ByteBuffer? = nil)
        -> AnswerScript
    {
        AnswerScript(
            status: 200,
            headers: [
                .init("content-type", "text/event-stream; charset=utf-8"), .init("cache-control", "no-cache"),
            ] + headers,
            body: .init(segments: self.segments, length: nil),
            format: self.options.format,
            errorEvent: errorEvent,
            keepAlive: keepAlive ?? self.options.format.comment("keep-alive"),
            reports: self.reports
        )
    }
}
