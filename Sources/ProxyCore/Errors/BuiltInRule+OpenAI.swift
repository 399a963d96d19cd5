extension BuiltInRule {
    /// OpenAI, and what others took over from it.
    static let openAI: [BuiltInRule] = [
        // A list of addresses in the account: the key as such is sound.
        BuiltInRule(
            name: "openai.address", kinds: [.openAI, .compatible], statuses: [401, 403],
            texts: ["ip not authorized", "ip address is not authorized", "ip address not authorized"],
            errorClass: .providerForbidden, blame: .key),
        BuiltInRule(
            name: "openai.too_large", statuses: [413, 429], texts: ["request too large"],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "openai.region", names: ["unsupported_country_region_territory"], errorClass: .providerForbidden,
            blame: .request),
        BuiltInRule(
            name: "openai.region_text", kinds: [.openAI, .openRouter, .compatible], statuses: [403],
            texts: ["country, region, or territory not supported"], errorClass: .providerForbidden, blame: .request),
        BuiltInRule(
            name: "openai.model", statuses: [403, 404], names: ["model_not_found"], errorClass: .providerForbidden),
        BuiltInRule(
            name: "openai.bound_reasoning", statuses: [400], names: ["invalid_encrypted_content"],
            errorClass: .providerRejected, blame: .affinity),
        BuiltInRule(
            name: "openai.bound_reasoning_text", statuses: [400], texts: ["encrypted content…could not be verified"],
            errorClass: .providerRejected, blame: .affinity),
        BuiltInRule(
            name: "openai.key_text", kinds: [.openAI, .moonshot, .compatible], statuses: [401],
            texts: [
                "incorrect api key provided", "must be a member of an organization", "account…has been deactivated",
            ],
            errorClass: .providerAuthFailed),
    ]
}
