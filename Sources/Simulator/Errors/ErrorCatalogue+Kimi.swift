extension ErrorCatalogue {
    /// Kimi Code: the rows of its error table, each text beginning as the service's own.
    static let kimi: KeyValuePairs<String, TypedError> = [
        "kimi.invalid_authentication_error": Self.kimi(
            401,
            "invalid_authentication_error",
            "The API Key appears to be invalid or may have expired. Please verify your credentials and try again."
        ),
        "kimi.membership": Self.kimi(
            402,
            nil,
            "We're unable to verify your membership benefits at this time. Please ensure your membership is active."
        ),
        "kimi.access_terminated.weekly": Self.kimi(
            403,
            "access_terminated_error",
            "You've reached your weekly (7-day) usage limit. Your quota will be refreshed in the next cycle."
        ),
        "kimi.access_terminated.five_hour": Self.kimi(
            403,
            "access_terminated_error",
            "You've reached your 5-hour usage limit. Your quota will be refreshed in the next cycle."
        ),
        "kimi.access_terminated.billing_cycle": Self.kimi(
            403,
            "access_terminated_error",
            "You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle."
        ),
        "kimi.access_terminated.monthly": Self.kimi(
            403,
            "access_terminated_error",
            "You've reached your monthly usage limit. Your quota will be refreshed in the next cycle."
        ),
        "kimi.access_terminated.client": Self.kimi(
            403,
            "access_terminated_error",
            "Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code, Roo Code, "
                + "Kilo Code, etc."
        ),
        "kimi.permission_error": Self.kimi(
            403,
            "permission_error",
            "You have reached the concurrent request limit of your account."
        ),
        "kimi.unknown_forbidden": Self.kimi(403, "brand_new_error", "Nobody has seen this type before."),
        "kimi.permission_denied_error": Self.kimi(
            403,
            "permission_denied_error",
            "Permission denied for this resource."
        ),
        "kimi.rate_limit_reached_error": Self.kimi(
            429,
            "rate_limit_reached_error",
            "We're receiving too many requests at the moment. Please wait a moment and try again."
        ),
        "kimi.rate_limit_reached_error.tpm": Self.kimi(
            429,
            "rate_limit_reached_error",
            "request reached project TPM rate limit, current: 1000100, limit: 1000000"
        ),
        "kimi.usage_limit_period": Self.kimi(
            429,
            nil,
            "You've reached your usage limit for this period. Please try again later."
        ),
        "kimi.rate_limit_error": Self.kimi(
            429,
            "rate_limit_error",
            "The engine is currently overloaded, please try again later"
        ),
        "kimi.engine_overloaded_error": Self.kimi(
            429,
            "engine_overloaded_error",
            "The engine is currently overloaded, please try again later"
        ),
        "kimi.exceeded_current_quota_error": Self.kimi(
            429,
            "exceeded_current_quota_error",
            "Your account is suspended due to insufficient balance, please check your plan and billing details"
        ),
    ]

    /// The Moonshot platform.
    static let moonshot: KeyValuePairs<String, TypedError> = [
        "moonshot.invalid_request_error": Self.kimi(400, "invalid_request_error", "Invalid request: bad parameter"),
        "moonshot.content_filter": Self.kimi(
            400,
            "content_filter",
            "The request was rejected because it was considered high risk"
        ),
        "moonshot.context_length": Self.kimi(
            400,
            "invalid_request_error",
            "Invalid request: Your request exceeded model token limit: 262144"
        ),
        "moonshot.input_too_long": Self.kimi(400, "invalid_request_error", "Input token length too long"),
        "moonshot.invalid_authentication_error": Self.kimi(
            401,
            "invalid_authentication_error",
            "Invalid Authentication"
        ),
        "moonshot.incorrect_api_key_error": Self.kimi(401, "incorrect_api_key_error", "Incorrect API key provided"),
        "moonshot.insufficient_balance": Self.kimi(
            403,
            "permission_denied_error",
            "Your account has insufficient balance, please recharge"
        ),
        "moonshot.permission_denied_error": Self.kimi(
            403,
            "permission_denied_error",
            "Permission denied for this model."
        ),
        "moonshot.resource_not_found_error": Self.kimi(
            404,
            "resource_not_found_error",
            "Not found the model or Permission denied"
        ),
        "moonshot.rate_limit_reached_error": Self.kimi(
            429,
            "rate_limit_reached_error",
            "Your account reached organization max RPM: 20, please try again after 1 seconds",
            headers: [
                .init("X-RateLimit-Limit", "20"), .init("X-RateLimit-Remaining", "0"), .init("X-RateLimit-Reset", "1"),
            ]
        ),
        "moonshot.engine_overloaded_error": Self.kimi(
            429,
            "engine_overloaded_error",
            "The engine is currently overloaded, please try again later"
        ),
        "moonshot.exceeded_current_quota_error": Self.kimi(
            429,
            "exceeded_current_quota_error",
            "Your account is suspended due to insufficient balance, please check your plan and billing details"
        ),
        "moonshot.server_error": Self.kimi(500, "server_error", "Internal server error"),
        "moonshot.unexpected_output": Self.kimi(500, "unexpected_output", "The model gave an unexpected output"),
    ]

    private static func kimi(
        _ status: Int,
        _ type: String?,
        _ message: String,
        headers: [AnswerScript.HeaderLine] = []
    ) -> TypedError {
        TypedError(status: status, shape: .kimi, type: type, message: message, headers: headers)
    }
}
