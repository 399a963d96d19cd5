/// What the body of a provider's error says, in whatever envelope it comes.
public struct ProviderErrorDetails: Sendable, Equatable {
    /// The longest body that is read.
    public static let maximumBodyLength = 65_536
    /// The most reasons, and the most quotas, that are read of one error.
    static let maximumReasons = 16

    /// The kind of error: `error.type`.
    public var type: String?
    /// The code: `error.code`, numbers as they are spelt.
    public var code: String?
    /// Google's name of the status: `error.status`.
    public var status: String?
    /// The text for people.
    public var message: String?
    /// What further members name: reasons of Google, limit sources, error types and moderation of OpenRouter, inner codes of
    /// Azure.
    public var reasons: [String] = []
    /// The quotas that Google says are used up: `QuotaFailure.violations[].quotaId`.
    public var quotas: [String] = []
    /// The wait that the body itself gives: `retryDelay`, `resets_in_seconds`.
    public var delay: Duration?
    /// The time at which a window starts anew, as the body itself gives it: `resets_at`, or the reset header that OpenRouter
    /// repeats in the body.
    public var resetsAt: WallTime?

    /// Makes empty details.
    public init() {}

    /// Reads a body, or one event of a stream; `nil` if it is no JSON or says nothing about an error.
    ///
    /// Known envelopes: `error` as object or text, also as the first element of an array, below `response` in failed
    /// Responses, and `message`, `type`, `code` or `detail` at the top.
    public init?(body: some Collection<UInt8>) {
        guard body.count <= Self.maximumBodyLength, let root = JSONValue(parsing: Array(body)) else { return nil }
        let top = root.elements.first ?? root
        if let text = top["error"]?.text {
            // With a text beside it, the word under `error` is a name.
            self.message = top["message"]?.text ?? text
            self.code = top["code"]?.scalarText ?? (self.message == text ? nil : text)
            self.type = top["type"]?.text
            return
        }
        let error = Self.object(top["error"]) ?? Self.object(top["response"]?["error"]) ?? top
        self.type = error["type"]?.text
        self.code = error["code"]?.scalarText
        self.status = error["status"]?.text
        self.message = error["message"]?.text ?? error["detail"]?.text
        self.readMetadata(error["metadata"])
        if let inner = error["innererror"]?["code"]?.text { self.reasons.append(inner) }
        for detail in (error["details"]?.elements ?? []).prefix(Self.maximumReasons) { self.readDetail(detail) }
        self.readReset(error)
        guard self.type ?? self.code ?? self.status ?? self.message != nil else { return nil }
    }

    /// The names by which rules know the error, in lower case.
    var names: [String] {
        ([self.code, self.type, self.status].compactMap { $0 } + self.reasons).map(Self.lowercased)
    }

    /// Lower-cases ASCII letters.
    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self)
    }

    private static func object(_ value: JSONValue?) -> JSONValue? {
        if case .object = value { value } else { nil }
    }

    /// OpenRouter's further members.
    private mutating func readMetadata(_ metadata: JSONValue?) {
        guard let metadata else { return }
        for name in ["limit_source", "error_type"] {
            if let source = metadata[name]?.text { self.reasons.append(source) }
        }
        if metadata["flagged_input"] != nil || !(metadata["reasons"]?.elements ?? []).isEmpty {
            self.reasons.append("moderation")
        }
        self.resetsAt = metadata["headers"]?["X-RateLimit-Reset"]?.scalarText.flatMap(EpochText.parse)
    }

    /// One of Google's details: `ErrorInfo`, `QuotaFailure` or `RetryInfo`.
    private mutating func readDetail(_ detail: JSONValue) {
        if let reason = detail["reason"]?.text { self.reasons.append(reason) }
        for violation in (detail["violations"]?.elements ?? []).prefix(Self.maximumReasons) {
            if let id = violation["quotaId"]?.text { self.quotas.append(id) }
        }
        if let delay = detail["retryDelay"]?.text.flatMap(DurationText.parse) { self.delay = delay }
    }

    private mutating func readReset(_ error: JSONValue) {
        if let text = error["resets_in_seconds"]?.scalarText, let wait = DurationText.seconds(text) {
            self.delay = wait
        }
        if let text = error["resets_at"]?.scalarText, let time = EpochText.parse(text) { self.resetsAt = time }
    }
}
