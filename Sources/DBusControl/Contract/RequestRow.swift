/// One request that has ended, as `ListRequests`, `GetRequest` and `RequestFinished` tell it (contract section 9).
public struct RequestRow: Sendable, Equatable {
    /// One attempt with one key.
    public struct Attempt: Sendable, Equatable {
        /// The key's label.
        public var key = ""
        /// The provider that was asked.
        public var provider = ""
        /// The class of the error; empty if it succeeded.
        public var errorClass = ""
        /// The provider's HTTP status; 0 if it gave none.
        public var status: UInt32 = 0
        /// How long it took, in microseconds.
        public var duration: UInt64 = 0
        /// Why it was this key, as in ``ExplainRow/selection``; empty if it is not known.
        public var selection = ""
        /// Whether it failed after the request had been sent, so that the provider may count it all the same.
        public var isPossiblyBilled = false
        /// What told the class of the error: the name of a rule, or `status`; empty if it succeeded.
        public var decidedBy = ""
        /// How long the request waited before it, in microseconds.
        public var waited: UInt64 = 0
        /// Other keys and what kept them from being taken: a key's state, or an obstacle as in ``ExplainRow/obstacle``.
        ///
        /// At most 16 of them.
        public var passedOver: [String: String] = [:]
        /// The provider's name of the model that was asked for; empty if the request named none.
        public var model = ""
        /// Tokens by class, those that are not 0: `input`, `input_audio`, `input_image`, `cache_read`, `cache_write_5m`,
        /// `cache_write_1h`, `output`, `reasoning`, `output_audio`.
        public var tokens: [String: UInt64] = [:]
        /// How far the tokens can be trusted, as in ``RequestRow/quality``.
        public var quality = "none"
        /// Whether what the provider told of the tokens contradicts itself.
        public var isInconsistent = false
        /// The cost in pico-dollars; `nil` where it is unknown.
        public var cost: Int64?
        /// How the cost is known, as in ``RequestRow/pricing``.
        public var pricing = ""
        /// Where the price is from, as in ``RequestRow/priceVersion``.
        public var priceVersion = ""

        /// Makes an attempt that nothing is known of.
        public init() {}
    }

    /// The request's id; one that a caller chose may occur again.
    public var id = ""
    /// When it came in, in microseconds since the epoch.
    public var receivedAt: UInt64 = 0
    /// The client whose token it showed; empty for the daemon's own user.
    public var client = ""
    /// What it is accounted under.
    public var project = ""
    /// `openai`, `anthropic`, `gemini` or `other`.
    public var dialect = ""
    /// The model as the caller named it.
    public var model = ""
    /// The provider that answered, or was asked last.
    public var provider = ""
    /// The key that was used last.
    public var key = ""
    /// The HTTP status that the caller got; 0 if it left before.
    public var status: UInt32 = 0
    /// The class of the error; empty if there was none.
    public var errorClass = ""
    /// Whether the answer was a stream of events.
    public var isStream = false
    /// `complete`, `cut`, `left`, `timed_out` or `refused`.
    public var outcome = ""
    /// From its first byte to the end of its answer, in microseconds.
    public var duration: UInt64 = 0
    /// Until the first byte of the answer's body, in microseconds; 0 if there was none.
    public var firstByte: UInt64 = 0
    /// The attempts in their order.
    public var attempts: [Attempt] = []
    /// Tokens by class (`input`, `cache_read`, `cache_write`, `output`, `reasoning`), as far as they are known.
    public var tokens: [String: UInt64] = [:]
    /// The cost in pico-dollars; `nil` where it is unknown.
    public var cost: Int64?
    /// The model that answered, in the provider's words; empty if none did.
    public var usedModel = ""
    /// How far the tokens can be trusted: `reported`, `partial` (the answer was cut), `estimated` or `none`.
    public var quality = "none"
    /// How the cost is known: `priced`, `unpriced` (there is no price), `plan` (paid for already), `free` (one's own
    /// machine); empty if nothing is known of what was used.
    public var pricing = ""
    /// The version of the price table that the cost was computed with, `config` for prices of the configuration, `provider`
    /// for the provider's own word; empty if nothing was computed.
    public var priceVersion = ""
    /// The observed process's name, which is an observation and no identity; empty if it is not known.
    public var process = ""
    /// The observed process's number; `nil` if it is not known.
    public var processID: UInt32?
    /// The systemd unit that the process runs in; empty if it is not known.
    public var unit = ""
    /// The observed user's name; empty if it is not known.
    public var user = ""
    /// The observed user's number; `nil` if it is not known.
    public var userID: UInt32?
    /// The beginning of the request's body; `nil` unless it was captured, and in everything but `GetRequest`.
    public var requestBody: String?
    /// The beginning of the answer's body, likewise.
    public var answerBody: String?
    /// Whether there was more of a body than is kept.
    public var areBodiesCut = false
    /// In a signal, how many requests before this one were not told because there were too many.
    public var dropped: UInt64 = 0

    /// Makes a request that nothing is known of.
    public init() {}
}

/// Which requests are asked for.
public struct RequestFilter: Sendable, Equatable {
    /// At most so many, 1 to 1,000; a page may have fewer although it is not the last.
    public var limit: UInt32 = 100
    /// Where the page before ended; empty for the newest requests.
    public var cursor = ""
    /// Not received before, in microseconds since the epoch.
    public var since: UInt64?
    /// Received before, in microseconds since the epoch.
    public var until: UInt64?
    /// With this key in any attempt.
    public var key: String?
    /// Answered by this provider.
    public var provider: String?
    /// Of this client.
    public var client: String?
    /// With this HTTP status.
    public var status: UInt32?
    /// With this class of error.
    public var errorClass: String?

    /// Asks for the newest hundred.
    public init() {}
}

/// A page of requests, the newest first.
public struct RequestPage: Sendable, Equatable {
    /// The requests.
    public var rows: [RequestRow]
    /// Where the next page begins; empty if this one is the last.
    public var cursor: String

    /// Makes a page.
    public init(rows: [RequestRow], cursor: String) {
        self.rows = rows
        self.cursor = cursor
    }
}
