import ProxyCore
import Testing

/// One error as a provider sends it, and what it has to be taken for.
struct ErrorFixture: Sendable, CustomTestStringConvertible {
    var kind: ProviderKind
    var status: Int
    var body: String
    var errorClass: ErrorClass
    var blame: AnswerClassification.Blame
    /// The rule that decides; `status` if none does.
    var rule: String
    var headers: HeaderFields
    var recovery: AnswerClassification.Recovery
    var window: String?
    var daily: AnswerClassification.DailyQuota?
    var isAmbiguous: Bool
    /// Whether the same body inside a stream, where nobody says a status, is taken for the same.
    var isSameInStream: Bool

    init(
        _ kind: ProviderKind,
        _ status: Int,
        _ body: String,
        _ errorClass: ErrorClass,
        _ blame: AnswerClassification.Blame,
        by rule: String,
        headers: HeaderFields = [:],
        recovery: AnswerClassification.Recovery = .unknown,
        window: String? = nil,
        daily: AnswerClassification.DailyQuota? = nil,
        isAmbiguous: Bool = false,
        isSameInStream: Bool = true
    ) {
        self.kind = kind
        self.status = status
        self.body = body
        self.errorClass = errorClass
        self.blame = blame
        self.rule = rule
        self.headers = headers
        self.recovery = recovery
        self.window = window
        self.daily = daily
        self.isAmbiguous = isAmbiguous
        self.isSameInStream = isSameInStream && rule != "status"
    }

    var testDescription: String { "\(self.kind.rawValue) \(self.status) \(self.body.prefix(90))" }

    /// 2026-11-20T12:00:00Z, four in the morning in California.
    static let now = WallTime(microseconds: 1_795_176_000_000_000)

    static func time(_ secondsFromNow: Int64) -> WallTime {
        WallTime(microseconds: Self.now.microseconds + secondsFromNow * 1_000_000)
    }

    /// An error body with a type, a message and a code.
    static func error(_ type: String?, _ message: String = "", code: String? = nil, more: String = "") -> String {
        let type = type.map { #","type":"\#($0)""# } ?? ""
        let code = code.map { #","code":"\#($0)""# } ?? ""
        return #"{"error":{"message":"\#(message)"\#(type)\#(code)\#(more)}}"#
    }

    /// An error in Anthropic's envelope.
    static func anthropic(_ type: String, _ message: String) -> String {
        #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_id":"req_1"}"#
    }

    /// An error in Google's form.
    static func google(_ code: Int, _ status: String, _ message: String = "", details: [String] = []) -> String {
        let details = details.joined(separator: ",")
        return #"{"error":{"code":\#(code),"message":"\#(message)","status":"\#(status)","details":[\#(details)]}}"#
    }

    static func quota(_ id: String) -> String {
        #"{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"\#(id)"}]}"#
    }

    static func retry(_ delay: String) -> String {
        #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"\#(delay)"}"#
    }

    /// An error in OpenRouter's form.
    static func openRouter(_ code: Int, _ message: String = "", metadata: String = "null") -> String {
        #"{"error":{"code":\#(code),"message":"\#(message)","metadata":\#(metadata)}}"#
    }

    static let all =
        Self.kimi + Self.moonshot + Self.openAI + Self.anthropic + Self.gemini + Self.deepSeek + Self.openRouter
        + Self.local + Self.compatible
}
