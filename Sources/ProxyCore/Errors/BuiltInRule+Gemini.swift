extension BuiltInRule {
    /// Gemini: the name of the status, split by the reasons in the details and, for money, by the text.
    ///
    /// "You exceeded your current quota, please check your plan and billing details" says nothing: throttles by the minute use
    /// it too.
    static let gemini: [BuiltInRule] = [
        BuiltInRule(
            name: "gemini.key", kinds: [.gemini], names: ["api_key_invalid", "unauthenticated", "consumer_suspended"],
            errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "gemini.key_text", kinds: [.gemini], statuses: [400], names: ["invalid_argument", "400"],
            texts: ["api key not valid", "api key expired"], errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "gemini.suspended", kinds: [.gemini], names: ["permission_denied"], texts: ["has been suspended"],
            errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "gemini.spend", kinds: [.gemini], names: ["resource_exhausted", "429"],
            texts: ["prepay", "spend limit", "spending limit", "spend cap", "spending cap"],
            errorClass: .providerBilling),
        // The model is not part of what the key may use without paying.
        BuiltInRule(
            name: "gemini.not_enabled", kinds: [.gemini], names: ["resource_exhausted", "429"], texts: ["limit: 0"],
            errorClass: .providerBilling, blame: .keyAndModel),
        BuiltInRule(
            name: "gemini.state", kinds: [.gemini], names: ["failed_precondition"],
            // The state of something that the request refers to, which is its own fault.
            texts: ["not in an active state", "the file ", "cached content"], errorClass: .providerRejected),
        BuiltInRule(
            name: "gemini.precondition", kinds: [.gemini], names: ["failed_precondition"],
            errorClass: .providerBilling),
        BuiltInRule(
            name: "gemini.rate", kinds: [.gemini], names: ["resource_exhausted"], errorClass: .providerRateLimited),
        BuiltInRule(
            name: "gemini.overloaded", kinds: [.gemini], names: ["unavailable"], errorClass: .providerOverloaded),
        BuiltInRule(
            name: "gemini.deadline", kinds: [.gemini], names: ["deadline_exceeded"], errorClass: .providerTimeout),
        BuiltInRule(
            name: "gemini.forbidden", kinds: [.gemini], names: ["permission_denied"], errorClass: .providerForbidden),
        BuiltInRule(
            name: "gemini.bound_thought", kinds: [.gemini, .openRouter], statuses: [400],
            texts: ["thought_signature", "thought signature"], errorClass: .providerRejected, blame: .affinity),
        BuiltInRule(
            name: "gemini.too_long", kinds: [.gemini], statuses: [400, 413, 500],
            texts: ["exceeds the maximum number of tokens allowed", "input context is too long"],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "gemini.rejected", kinds: [.gemini], names: ["invalid_argument", "not_found", "out_of_range"],
            errorClass: .providerRejected),
        BuiltInRule(name: "gemini.internal", kinds: [.gemini], names: ["internal"], errorClass: .providerServerError),
    ]
}
