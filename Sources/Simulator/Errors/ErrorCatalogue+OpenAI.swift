extension ErrorCatalogue {
    /// OpenAI.
    static let openAI: KeyValuePairs<String, TypedError> = [
        "openai.invalid_api_key": Self.openAI(
            401,
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."
        ),
        "openai.no_organization": Self.openAI(
            401,
            "invalid_request_error",
            "no_organization",
            "You must be a member of an organization to use the API."
        ),
        "openai.ip_not_authorized": Self.openAI(
            401,
            "invalid_request_error",
            "ip_not_authorized",
            "IP not authorized: your request came from an address that this project does not allow."
        ),
        "openai.account_deactivated": Self.openAI(
            401,
            "invalid_request_error",
            "account_deactivated",
            "The OpenAI account associated with this API key has been deactivated."
        ),
        "openai.region_not_supported": Self.openAI(
            403,
            "request_forbidden",
            "unsupported_country_region_territory",
            "Country, region, or territory not supported"
        ),
        "openai.rate_limit_exceeded": Self.openAI(
            429,
            "requests",
            "rate_limit_exceeded",
            "Rate limit reached for requests per min (RPM): Limit 500, Used 500, Requested 1. "
                + "Please try again in 120ms.",
            headers: [
                .init("x-ratelimit-limit-requests", "500"), .init("x-ratelimit-remaining-requests", "0"),
                .init("x-ratelimit-reset-requests", "120ms"),
            ]
        ),
        "openai.rate_limit_exceeded.tokens": Self.openAI(
            429,
            "tokens",
            "rate_limit_exceeded",
            "Rate limit reached on tokens per min (TPM): Limit 30000, Used 30000, Requested 100. "
                + "Please try again in 6m0s.",
            headers: [
                .init("x-ratelimit-limit-tokens", "30000"), .init("x-ratelimit-remaining-tokens", "0"),
                .init("x-ratelimit-reset-tokens", "6m0s"),
            ]
        ),
        "openai.request_too_large": Self.openAI(
            429,
            "tokens",
            "rate_limit_exceeded",
            "Request too large on tokens per min (TPM): Limit 30000, Requested 50000. The input or output tokens must "
                + "be reduced in order to run successfully."
        ),
        "openai.slow_down": Self.openAI(
            429,
            "requests",
            "slow_down",
            "Your request rate grew too fast. Reduce it to its original level, keep it for 15 minutes, then raise it "
                + "slowly."
        ),
        "openai.insufficient_quota": Self.quota("insufficient_quota"),
        "openai.credit_balance_exhausted": Self.quota("credit_balance_exhausted"),
        "openai.organization_spend_limit_exceeded": Self.quota("organization_spend_limit_exceeded"),
        "openai.project_spend_limit_exceeded": Self.quota("project_spend_limit_exceeded"),
        "openai.organization_usage_limit_exceeded": Self.quota("organization_usage_limit_exceeded"),
        "openai.usage_limit_reached": TypedError(
            status: 429,
            shape: .openAI,
            type: "usage_limit_reached",
            message: "The usage limit has been reached",
            details: [
                .init(name: "plan_type", value: "plus"), .init(name: "resets_in_seconds", value: 3600),
            ]
        ),
        "openai.usage_limit_reached.weekly": TypedError(
            status: 429,
            shape: .openAI,
            type: "usage_limit_reached",
            message: "The usage limit has been reached",
            details: [.init(name: "plan_type", value: "plus")],
            resets: [.init(name: "resets_at", ahead: 172_800, form: .member)]
        ),
        "openai.server_is_overloaded": Self.openAI(
            503,
            "service_unavailable_error",
            "server_is_overloaded",
            "Our servers are currently overloaded. Please try again later."
        ),
        "openai.server_error": Self.openAI(
            500,
            "server_error",
            nil,
            "The server had an error while processing your request. Sorry about that!"
        ),
        "openai.context_length_exceeded": Self.openAI(
            400,
            "invalid_request_error",
            "context_length_exceeded",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
            parameter: "messages"
        ),
        "openai.string_above_max_length": Self.openAI(
            400,
            "invalid_request_error",
            "string_above_max_length",
            "Invalid 'messages[0].content': string too long. Expected a string with maximum length 10485760.",
            parameter: "messages[0].content"
        ),
        "openai.content_policy_violation": Self.openAI(
            400,
            "invalid_request_error",
            "content_policy_violation",
            "Your request was rejected as a result of our safety system."
        ),
        "openai.cyber_policy": Self.openAI(
            400,
            "invalid_request_error",
            "cyber_policy",
            "Your request was flagged for cybersecurity reasons."
        ),
        "openai.invalid_prompt": Self.openAI(
            400,
            "invalid_request_error",
            "invalid_prompt",
            "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
        ),
        "openai.invalid_request_error": Self.openAI(400, "invalid_request_error", nil, "The request is invalid."),
        "openai.unknown_parameter.stream_options": Self.openAI(
            400,
            "invalid_request_error",
            "unknown_parameter",
            "Unknown parameter: 'stream_options'.",
            parameter: "stream_options"
        ),
        "openai.unsupported_value": Self.openAI(
            400,
            "invalid_request_error",
            "unsupported_value",
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
            parameter: "temperature"
        ),
        "openai.previous_response_not_found": Self.openAI(
            400,
            "invalid_request_error",
            "previous_response_not_found",
            "Previous response with id 'resp_0' not found.",
            parameter: "previous_response_id"
        ),
        "openai.invalid_encrypted_content": Self.openAI(
            400,
            "invalid_request_error",
            "invalid_encrypted_content",
            "The encrypted content could not be verified."
        ),
        "openai.unverified_encrypted_content": Self.openAI(
            400,
            "invalid_request_error",
            nil,
            "The encrypted content gAAA could not be verified."
        ),
        "openai.model_not_found": Self.openAI(
            404,
            "invalid_request_error",
            "model_not_found",
            "The model does not exist or you do not have access to it."
        ),
        "openai.conflict": Self.openAI(409, "invalid_request_error", nil, "The resource was changed meanwhile."),
        "openai.payload_too_large": Self.openAI(413, "invalid_request_error", nil, "The request body is too large."),
        "openai.unprocessable": Self.openAI(422, "invalid_request_error", nil, "The request could not be processed."),
    ]

    private static func openAI(
        _ status: Int,
        _ type: String,
        _ code: String?,
        _ message: String,
        parameter: String? = nil,
        headers: [AnswerScript.HeaderLine] = []
    ) -> TypedError {
        TypedError(
            status: status,
            shape: .openAI,
            type: type,
            code: code,
            message: message,
            parameter: parameter,
            headers: headers
        )
    }

    private static func quota(_ code: String) -> TypedError {
        Self.openAI(
            429,
            "insufficient_quota",
            code,
            "You exceeded your current quota, please check your plan and billing details."
        )
    }
}
