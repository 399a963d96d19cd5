/// What happens to a request beyond the usual answer; a member that is not set changes nothing.
struct FaultAction: Sendable, Equatable {
    /// Answers with this status.
    var status: Int?
    /// Name of a typed error of the catalogue; the body of the answer, or the data of `errorEventAfter`.
    var error: String?
    /// A literal body.
    var body: LiteralBody?
    /// Header fields that replace those of the same name.
    var headers: [AnswerScript.HeaderLine] = []
    /// When to try again.
    var retryAfter: RetryAfter?

    /// Milliseconds between the whole request and the head of the answer.
    var delayBeforeHead = 0
    /// Milliseconds between the head of the answer and its first byte.
    var delayBeforeFirstByte = 0
    /// Milliseconds between two events.
    var delayBetweenEvents = 0

    /// Where the answer breaks off.
    var cut: Cut?
    /// After so many events the dialect's error event comes, and nothing else.
    var errorEventAfter: Int?
    /// After so many events there is silence until the peer leaves.
    var stallAfter: Int?
    /// During such a silence a comment or a ping is sent every so many milliseconds.
    var stallKeepAlive: Int?
    /// A comment, or a ping, stands before every so many-th event.
    var keepAliveEvery: Int?
    /// A wrong framing.
    var framing: Framing?

    /// The body of the request is read no faster than this.
    var slowRead: Int?
    /// The answer is sent as soon as the head of the request is there.
    var earlyAnswer = false

    /// The answer is a plain body of so many bytes.
    var bodyBytes: Int?
    /// How many events with content a stream has.
    var events: Int?
    /// Length of the content of each of them in bytes.
    var eventBytes: Int?
    /// Line end of the events.
    var lineEnding: String?
    /// So many empty lines stand before the body of a plain answer.
    var blankLines = 0
    /// The body is compressed with gzip.
    var compresses = false
    /// Requests with `stream_options` are refused, as servers do that do not know them.
    var refusesStreamOptions = false
    /// The connection is closed after the answer, and the answer says so.
    var closeConnection = false

    /// A body word for word.
    enum LiteralBody: Sendable, Equatable {
        case json(JSONValue)
        case text(String)
    }

    /// Forms of telling when to try again.
    enum RetryAfter: Sendable, Equatable {
        /// `Retry-After` with a number of seconds.
        case seconds(Int)
        /// `Retry-After` with an HTTP date that lies so many seconds ahead.
        case dateIn(Int)
        /// `retry-after-ms`.
        case milliseconds(Int)
        /// `Retry-After` word for word.
        case text(String)
    }

    /// Where and how an answer breaks off.
    struct Cut: Sendable, Equatable {
        /// The place of the cut.
        enum Place: Sendable, Equatable {
            case beforeHead
            case afterEvents(Int)
            case afterBytes(Int)
        }

        var place: Place
        /// Whether the connection is reset instead of closed.
        var isReset = false
    }

    /// Framings that no server should send, or that few clients expect.
    enum Framing: String, Sendable, CaseIterable {
        case twoContentLengths = "two-content-lengths"
        case contentLengthAndChunked = "content-length-and-chunked"
        case badChunkSize = "bad-chunk-size"
        case shortBody = "short-body"
        case garbage
        case bareLineFeed = "bare-lf"
        case foldedHeader = "obs-fold"
        case unexpected101 = "unexpected-101"
        case early100 = "early-100"
        case headOnlyClose = "head-only-close"
    }

    /// Whether the action begins when only the head of the request is known.
    var actsOnHead: Bool {
        self.earlyAnswer || self.slowRead != nil
    }

    /// Whether the answer is an error, or another one that has nothing to do with the request.
    var replacesAnswer: Bool {
        self.status != nil || self.body != nil || self.bodyBytes != nil
            || (self.error != nil && self.errorEventAfter == nil)
    }
}
