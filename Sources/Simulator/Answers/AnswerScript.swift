import NIOCore

/// A whole answer as a value: its head and the pieces of its body, of which long runs are only described, so that an
/// answer of any length takes constant memory.
struct AnswerScript: Sendable, Equatable {
    /// Status code of the answer.
    var status: Int
    /// Header fields in their order, without those of the framing.
    var headers: [HeaderLine]
    /// The body.
    var body: Body
    /// Line end of the events, for what a fault adds to a stream.
    var format = EventFormat()
    /// The error event of the dialect, sent in the place of an event where a fault asks for it.
    var errorEvent: PieceTemplate?
    /// What the dialect sends to keep a quiet stream alive: a comment, or a ping.
    var keepAlive: ByteBuffer?

    /// Whether the body is compressed while it is sent.
    var isCompressed = false
    /// What the answer says of its usage, in the order of its events.
    var reports: [UsageReport] = []

    /// What has been said of the usage when so many events have been sent; `nil` if nothing has.
    func reported(afterEvents count: Int) -> ReportedTokens? {
        self.reports.lazy.reversed().compactMap { $0.tokens(afterEvents: count) }.first
    }

    /// What the whole plain body says of the usage.
    var reportedByBody: ReportedTokens? { self.reports.first { $0.events == nil }?.tokens }

    /// The answer, whose plain body reports a usage.
    func reporting(_ tokens: ReportedTokens) -> AnswerScript {
        var script = self
        script.reports = [UsageReport(events: nil, tokens: tokens)]
        return script
    }

    /// One header field.
    struct HeaderLine: Sendable, Equatable {
        var name: String
        var value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The body of an answer.
    struct Body: Sendable, Equatable {
        /// The pieces in their order.
        var segments: [Segment]
        /// Length in bytes where the body is sent with Content-Length, `nil` where it is sent in chunks.
        var length: Int?
    }

    /// A run of pieces.
    enum Segment: Sendable, Equatable {
        /// One piece; `isEvent` tells an event of a stream from a comment or a part of a plain body.
        case piece(ByteBuffer, isEvent: Bool)
        /// One piece for each piece of the text.
        case repeated(PieceTemplate, AnswerText, isEvent: Bool)
        /// So many bytes of filling, in pieces of up to 64 KiB.
        case filler(Int)
    }

    /// An answer with a plain body that is held as a whole.
    static func plain(
        status: Int,
        headers: [HeaderLine] = [],
        contentType: String = "application/json",
        body: [UInt8]
    ) -> AnswerScript {
        AnswerScript(
            status: status,
            headers: [HeaderLine("content-type", contentType)] + headers,
            body: Body(segments: [.piece(ByteBuffer(bytes: body), isEvent: false)], length: body.count)
        )
    }

    /// An answer with a JSON body.
    static func json(status: Int = 200, headers: [HeaderLine] = [], _ value: JSONValue) -> AnswerScript {
        .plain(status: status, headers: headers, body: value.bytes)
    }

    /// An answer whose JSON body holds a text in the place of the marker, made piece by piece while it is sent.
    static func json(headers: [HeaderLine] = [], _ value: JSONValue, text: AnswerText) -> AnswerScript {
        let template = PieceTemplate(value)
        guard let (before, after) = template.split else { return .json(headers: headers, value) }
        let content = PieceTemplate.contentOnly
        var length = before.readableBytes + after.readableBytes
        switch text {
        case .numbered: length += text.totalBytes
        case .pieces(let pieces): length += pieces.reduce(0) { $0 + JSONValue.string($1).bytes.count - 2 }
        }
        return AnswerScript(
            status: 200,
            headers: [HeaderLine("content-type", "application/json")] + headers,
            body: Body(
                segments: [
                    .piece(before, isEvent: false), .repeated(content, text, isEvent: false),
                    .piece(after, isEvent: false),
                ],
                length: length
            )
        )
    }
}
