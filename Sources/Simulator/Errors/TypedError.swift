import Foundation

/// An error answer in the words of one provider.
struct TypedError: Sendable, Equatable {
    /// Shapes of error bodies.
    enum Shape: Sendable, Equatable {
        /// `{"error":{"message":…,"type":…,"param":…,"code":…}}`
        case openAI
        /// `{"type":"error","error":{"type":…,"message":…},"request_id":…}`
        case anthropic
        /// `{"error":{"message":…,"type":…}}`, on the path of Messages within the envelope of Anthropic.
        case kimi
        /// `{"error":{"message":…,"type":…,"param":…,"code":…}}`, on the path of Messages as Anthropic.
        case relative
        /// `{"error":{"code":…,"message":…,"status":…,"details":[…]}}`
        case google
        /// The same as the only element of an array, as the OpenAI-compatible path may wrap it.
        case wrappedGoogle
        /// `{"error":{"code":…,"message":…,"metadata":{…}}}`
        case openRouter
    }

    /// A time ahead of the answer at which a limit has room again.
    struct Reset: Sendable, Equatable {
        /// Where and how it is written.
        enum Form: Sendable, Equatable {
            /// A header field with seconds since 1970.
            case headerSeconds
            /// A header field with milliseconds since 1970.
            case headerMilliseconds
            /// A header field in the form of RFC 3339.
            case headerDate
            /// A member of the error object with seconds since 1970.
            case member
        }

        /// Name of the header field or member.
        var name: String
        /// Seconds from the answer to the reset.
        var ahead: Int
        /// How it is written.
        var form: Form

        /// The value when the answer is sent at a time.
        func value(at now: Date) -> Int { Int(now.timeIntervalSince1970) + self.ahead }
    }

    /// Status code.
    var status: Int
    /// Shape of the body.
    var shape: Shape
    /// The `type` of the dialect, or the `status` of Google; `nil` where the provider sends none.
    var type: String?
    /// The `code`, where the dialect has one.
    var code: String?
    /// The text for people.
    var message: String
    /// The parameter that is to blame.
    var parameter: String?
    /// Further members of the error object, in their order.
    var details: [JSONValue.Member] = []
    /// Header fields that belong to this error.
    var headers: [AnswerScript.HeaderLine] = []
    /// Times that depend on when the answer is sent.
    var resets: [Reset] = []

    /// The body for a request.
    func body(for facts: RequestFacts, at now: Date = Date()) -> JSONValue {
        var error = self
        for reset in self.resets where reset.form == .member {
            error.details.append(.init(name: reset.name, value: .integer(reset.value(at: now))))
        }
        return error.settledBody(for: facts)
    }

    private func settledBody(for facts: RequestFacts) -> JSONValue {
        switch self.shape {
        case .openAI: self.openAIBody
        case .anthropic: self.anthropicBody(facts, withRequestIdentifier: true)
        case .kimi: facts.dialect == .anthropic ? self.anthropicBody(facts) : ["error": self.plainObject]
        case .relative: facts.dialect == .anthropic ? self.anthropicBody(facts) : self.openAIBody
        case .google: self.googleBody
        case .wrappedGoogle: .array([self.googleBody])
        case .openRouter:
            facts.dialect == .anthropic
                ? self.anthropicBody(facts)
                : ["error": self.with(["code": .integer(self.status), "message": .string(self.message)])]
        }
    }

    /// The whole answer for a request.
    func script(for facts: RequestFacts, at now: Date = Date()) -> AnswerScript {
        let usual =
            facts.dialect == .anthropic
            ? [AnswerScript.HeaderLine("request-id", facts.identifier("req_"))]
            : [AnswerScript.HeaderLine("x-request-id", facts.identifier("req_"))]
        let headers = usual + self.headers + self.resets.compactMap { Self.line($0, at: now) }
        return .json(status: self.status, headers: headers, self.body(for: facts, at: now))
    }

    /// The error as an event within a stream that began with 200.
    func event(for facts: RequestFacts, format: EventFormat) -> PieceTemplate {
        if facts.dialect == .anthropic {
            let body = self.anthropicBody(facts, withRequestIdentifier: self.shape == .anthropic)
            return format.template(body, name: "error")
        }
        guard facts.route == .responses else { return format.template(self.body(for: facts)) }
        let value: JSONValue = [
            "type": "error", "sequence_number": PieceTemplate.sequenceMarker,
            "code": self.code.map(JSONValue.string) ?? nil, "message": .string(self.message),
            "param": self.parameter.map(JSONValue.string) ?? nil,
        ]
        return format.template(value, name: "error")
    }

    private func with(_ value: JSONValue) -> JSONValue {
        .object((value.members ?? []) + self.details)
    }

    private static func line(_ reset: Reset, at now: Date) -> AnswerScript.HeaderLine? {
        let seconds = reset.value(at: now)
        switch reset.form {
        case .headerSeconds: return .init(reset.name, String(seconds))
        case .headerMilliseconds: return .init(reset.name, String(seconds * 1_000))
        case .headerDate:
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            return .init(reset.name, date.formatted(.iso8601))
        case .member: return nil
        }
    }

    private var googleBody: JSONValue {
        [
            "error": self.with([
                "code": .integer(self.status), "message": .string(self.message),
                "status": .string(self.type ?? "UNKNOWN"),
            ])
        ]
    }

    private var openAIBody: JSONValue {
        [
            "error": self.with([
                "message": .string(self.message),
                "type": self.type.map(JSONValue.string) ?? nil,
                "param": self.parameter.map(JSONValue.string) ?? nil,
                "code": self.code.map(JSONValue.string) ?? nil,
            ])
        ]
    }

    private var plainObject: JSONValue {
        let type: [JSONValue.Member] = self.type.map { [.init(name: "type", value: .string($0))] } ?? []
        return .object([.init(name: "message", value: .string(self.message))] + type + self.details)
    }

    private func anthropicBody(_ facts: RequestFacts, withRequestIdentifier: Bool = false) -> JSONValue {
        let error: [JSONValue.Member] = [
            .init(name: "type", value: .string(self.type ?? "api_error")),
            .init(name: "message", value: .string(self.message)),
        ]
        let value: JSONValue = ["type": "error", "error": .object(error + self.details)]
        return withRequestIdentifier ? value.adding("request_id", .string(facts.identifier("req_"))) : value
    }
}
