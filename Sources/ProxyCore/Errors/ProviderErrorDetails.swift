/// What the body of a provider's error says, in whatever envelope it comes.
public struct ProviderErrorDetails: Sendable, Equatable {
    /// The longest body that is read.
    public static let maximumBodyLength = 65_536

    /// The kind of error: `error.type`.
    public var type: String?
    /// The code: `error.code`, numbers as they are spelt.
    public var code: String?
    /// Google's name of the status: `error.status`.
    public var status: String?
    /// The text for people.
    public var message: String?
    /// What further members name: reasons and quota ids of Google, limit sources and moderation reasons of OpenRouter.
    public var reasons: [String] = []
    /// A wait that the body itself gives (`retryDelay`, `resets_in_seconds`, or `resets_at` as Unix seconds).
    public var wait: Wait?

    /// A wait in one of the forms in which bodies give it.
    public enum Wait: Sendable, Equatable {
        /// From now on.
        case duration(Duration)
        /// Until a point in time.
        case until(WallTime)
    }

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
            self.message = text
            self.code = top["code"]?.scalarText
            self.type = top["type"]?.text
            return
        }
        let error = Self.object(top["error"]) ?? Self.object(top["response"]?["error"]) ?? top
        self.type = error["type"]?.text
        self.code = error["code"]?.scalarText
        self.status = error["status"]?.text
        self.message = error["message"]?.text ?? error["detail"]?.text
        self.readMetadata(error["metadata"])
        for detail in error["details"]?.elements ?? [] { self.readDetail(detail) }
        self.wait = self.wait ?? Self.reset(error)
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
        if let source = metadata["limit_source"]?.text { self.reasons.append(source) }
        if metadata["flagged_input"] != nil || !(metadata["reasons"]?.elements ?? []).isEmpty {
            self.reasons.append("moderation")
        }
    }

    /// One of Google's details: `ErrorInfo`, `QuotaFailure` or `RetryInfo`.
    private mutating func readDetail(_ detail: JSONValue) {
        if let reason = detail["reason"]?.text { self.reasons.append(reason) }
        for violation in (detail["violations"]?.elements ?? []).prefix(16) {
            if let id = violation["quotaId"]?.text { self.reasons.append(id) }
        }
        if let delay = detail["retryDelay"]?.text, delay.utf8.last == 0x73, let wait = Self.seconds(delay.dropLast()) {
            self.wait = .duration(wait)
        }
    }

    private static func reset(_ error: JSONValue) -> Wait? {
        if let text = error["resets_in_seconds"]?.scalarText, let wait = self.seconds(text) { return .duration(wait) }
        if let text = error["resets_at"]?.scalarText, let seconds = Int64(text), (0..<1 << 40).contains(seconds) {
            return .until(WallTime(microseconds: seconds * 1_000_000))
        }
        return nil
    }

    private static func seconds(_ text: some StringProtocol) -> Duration? {
        guard let value = Double(text), value >= 0, value < 1e9 else { return nil }
        return .milliseconds(Int64((value * 1_000).rounded(.up)))
    }

    /// The wait that a message names: "… try again in 38.9s", "… retry in 12 seconds".
    var waitInMessage: Duration? {
        guard let message = self.message.map({ Self.lowercased(String($0.prefix(4_096))) }) else { return nil }
        for phrase in ["retry in ", "try again in "] {
            guard let rest = message.utf8.split(separating: phrase.utf8) else { continue }
            let number = rest.prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
            let unit = rest[number.endIndex...].drop { $0 == 0x20 }
            let digits = String(decoding: number, as: UTF8.self)
            if unit.starts(with: "ms".utf8) {
                return Double(digits).flatMap { $0 < 1e9 ? .milliseconds(Int64($0.rounded(.up))) : nil }
            }
            // "1m30s" and its like are left to the ladder.
            if unit.first == 0x73 { return Self.seconds(number.last == 0x2E ? String(digits.dropLast()) : digits) }
        }
        return nil
    }
}

extension String.UTF8View {
    /// What follows the first occurrence of a phrase.
    fileprivate func split(separating phrase: String.UTF8View) -> Substring.UTF8View? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.starts(with: phrase) { return rest.dropFirst(phrase.count) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
