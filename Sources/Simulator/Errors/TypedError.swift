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
        /// `{"error":{"code":…,"message":…,"metadata":{…}}}`
        case openRouter
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

    /// The body for a request.
    func body(for facts: RequestFacts) -> JSONValue {
        switch self.shape {
        case .openAI: self.openAIBody
        case .anthropic: self.anthropicBody(facts, withRequestIdentifier: true)
        case .kimi: facts.dialect == .anthropic ? self.anthropicBody(facts) : ["error": self.plainObject]
        case .relative: facts.dialect == .anthropic ? self.anthropicBody(facts) : self.openAIBody
        case .google:
            [
                "error": self.with([
                    "code": .integer(self.status), "message": .string(self.message),
                    "status": .string(self.type ?? "UNKNOWN"),
                ])
            ]
        case .openRouter:
            facts.dialect == .anthropic
                ? self.anthropicBody(facts)
                : ["error": self.with(["code": .integer(self.status), "message": .string(self.message)])]
        }
    }

    /// The whole answer for a request.
    func script(for facts: RequestFacts) -> AnswerScript {
        let usual =
            facts.dialect == .anthropic
            ? [AnswerScript.HeaderLine("request-id", facts.identifier("req_"))]
            : [AnswerScript.HeaderLine("x-request-id", facts.identifier("req_"))]
        return .json(status: self.status, headers: usual + self.headers, self.body(for: facts))
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
