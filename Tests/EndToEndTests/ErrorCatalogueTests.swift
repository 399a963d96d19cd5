import Foundation
import ProxyCore
import Testing

@testable import Simulator

/// What the simulator says under a name is what the daemon takes it for.
struct ErrorCatalogueTests {
    struct Meaning: Sendable {
        var errorClass: ErrorClass
        var blame: AnswerClassification.Blame
        var names: [String]

        init(_ errorClass: ErrorClass, _ blame: AnswerClassification.Blame, _ names: String) {
            self.errorClass = errorClass
            self.blame = blame
            self.names = names.split(whereSeparator: \.isWhitespace).map(String.init)
        }
    }

    static let meanings: [Meaning] = [
        Meaning(
            .providerAuthFailed, .key,
            """
            kimi.invalid_authentication_error moonshot.invalid_authentication_error moonshot.incorrect_api_key_error
            openai.invalid_api_key openai.no_organization openai.account_deactivated anthropic.authentication_error
            gemini.api_key_invalid gemini.api_key_invalid.wrapped gemini.api_key_expired gemini.unauthenticated
            gemini.consumer_suspended deepseek.authentication_error openrouter.no_credentials local.unauthorized
            """),
        Meaning(
            .providerBilling, .key,
            """
            kimi.membership kimi.exceeded_current_quota_error moonshot.insufficient_balance
            moonshot.exceeded_current_quota_error openai.insufficient_quota openai.credit_balance_exhausted
            openai.organization_spend_limit_exceeded openai.project_spend_limit_exceeded
            openai.organization_usage_limit_exceeded anthropic.credit_balance anthropic.spend_limit
            anthropic.workspace_spend_limit anthropic.billing_error gemini.failed_precondition
            gemini.resource_exhausted.spend gemini.resource_exhausted.spending_cap deepseek.insufficient_balance
            openrouter.insufficient_credits
            """),
        Meaning(.providerBilling, .keyAndModel, "gemini.resource_exhausted.limit_zero"),
        Meaning(
            .providerQuotaExhausted, .key,
            """
            kimi.access_terminated.weekly kimi.access_terminated.five_hour kimi.access_terminated.billing_cycle
            kimi.access_terminated.monthly kimi.usage_limit_period openai.usage_limit_reached
            openai.usage_limit_reached.weekly anthropic.unified_limit anthropic.unified_limit.weekly
            openrouter.free_daily
            """),
        Meaning(
            .providerRateLimited, .key,
            """
            kimi.permission_error kimi.rate_limit_reached_error kimi.rate_limit_reached_error.tpm deepseek.rate_limit
            openrouter.in_flight_budget openrouter.rate_limit local.too_many_requests compatible.too_many_requests
            """),
        Meaning(
            .providerRateLimited, .keyAndModel,
            """
            moonshot.rate_limit_reached_error openai.rate_limit_exceeded openai.rate_limit_exceeded.tokens
            openai.slow_down anthropic.rate_limit_error anthropic.rate_limit_error.tokens anthropic.acceleration_limit
            gemini.resource_exhausted.per_minute gemini.resource_exhausted.per_day gemini.resource_exhausted.tokens
            gemini.resource_exhausted.text
            """),
        Meaning(
            .providerOverloaded, .provider,
            """
            kimi.rate_limit_error kimi.engine_overloaded_error moonshot.engine_overloaded_error
            openai.server_is_overloaded anthropic.overloaded_error gemini.unavailable deepseek.overloaded
            openrouter.bad_gateway openrouter.no_provider local.loading local.queue_full
            """),
        Meaning(
            .providerServerError, .provider,
            """
            moonshot.server_error moonshot.unexpected_output openai.server_error anthropic.api_error gemini.internal
            deepseek.server_error openrouter.timeout openrouter.server_error local.server_error
            """),
        Meaning(.providerTimeout, .provider, "anthropic.timeout_error gemini.deadline_exceeded"),
        Meaning(
            .providerForbidden, .request,
            "kimi.access_terminated.client openai.region_not_supported anthropic.oauth_only"),
        Meaning(.providerForbidden, .key, "openai.ip_not_authorized"),
        Meaning(
            .providerForbidden, .keyAndModel,
            """
            kimi.permission_denied_error kimi.unknown_forbidden moonshot.permission_denied_error openai.model_not_found
            anthropic.permission_error gemini.permission_denied openrouter.forbidden
            """),
        Meaning(
            .providerRejected, .affinity,
            """
            openai.invalid_encrypted_content openai.unverified_encrypted_content anthropic.invalid_signature
            gemini.thought_signature
            """),
        Meaning(
            .providerRejected, .request,
            """
            moonshot.invalid_request_error moonshot.content_filter moonshot.context_length moonshot.input_too_long
            moonshot.resource_not_found_error openai.request_too_large openai.context_length_exceeded
            openai.string_above_max_length openai.content_policy_violation openai.cyber_policy openai.invalid_prompt
            openai.invalid_request_error openai.unsupported_value openai.previous_response_not_found openai.conflict
            openai.unknown_parameter.stream_options openai.payload_too_large openai.unprocessable anthropic.invalid_request_error anthropic.prompt_too_long
            anthropic.content_filter anthropic.not_found_error anthropic.conflict_error anthropic.request_too_large
            gemini.invalid_argument gemini.context_length gemini.not_found gemini.internal.context
            deepseek.content_risk deepseek.context_length deepseek.invalid_parameters openrouter.invalid_request
            openrouter.context_length_exceeded openrouter.max_tokens_exceeded openrouter.string_too_long
            openrouter.moderation local.context_length local.invalid_request local.not_found compatible.content_filter
            compatible.data_inspection_failed compatible.tokens_limit_reached compatible.context_text
            compatible.policy_text
            """),
    ]

    /// What takes its reset from the moment of the answer, and how far ahead it is.
    static let resets: [(String, Int64)] = [
        ("anthropic.unified_limit", 3_600), ("anthropic.unified_limit.weekly", 172_800),
        ("openai.usage_limit_reached.weekly", 172_800), ("openrouter.free_daily", 21_600),
    ]

    private static let now = WallTime(microseconds: 1_795_176_000_000_000)

    private static func classify(_ name: String, at path: String) throws -> AnswerClassification {
        let error = try #require(ErrorCatalogue.all[name])
        let facts = RequestFacts(
            method: "POST", target: path, headers: [], body: ["model": "m"], bodyLength: 13, bodyDigest: "digest")
        let sent = error.script(for: facts, at: .init(timeIntervalSince1970: 1_795_176_000))
        let kind = try #require(ProviderKind(rawValue: String(name.prefix { $0 != "." })))
        return try #require(
            AnswerClassifier.classify(
                status: sent.status, headers: HeaderFields(sent.headers.map { ($0.name, $0.value) }),
                body: error.body(for: facts, at: .init(timeIntervalSince1970: 1_795_176_000)).bytes, kind: kind,
                now: Self.now))
    }

    @Test("what the simulator says is taken for what it means (X-005)", arguments: meanings)
    func agrees(_ meaning: Meaning) throws {
        for name in meaning.names {
            for path in ["/v1/chat/completions", "/v1/messages"] {
                let answer = try Self.classify(name, at: path)
                #expect(answer.errorClass == meaning.errorClass, "\(name) \(path) \(answer.decidedBy)")
                #expect(answer.blame == meaning.blame, "\(name) \(path) \(answer.decidedBy)")
            }
        }
    }

    @Test("every error of the simulator has a meaning")
    func coversTheCatalogue() {
        let known = Self.meanings.flatMap(\.names)
        #expect(known.sorted() == ErrorCatalogue.all.keys.sorted())
    }

    @Test("resets lie ahead of the answer", arguments: resets)
    func setsResets(name: String, ahead: Int64) throws {
        let reset = WallTime(microseconds: Self.now.microseconds + ahead * 1_000_000)
        #expect(try Self.classify(name, at: "/v1/chat/completions").recovery == .at(reset))
    }

    @Test("only the error made up for it is unknown to the daemon")
    func knowsAllButOne() throws {
        let unknown = try ErrorCatalogue.all.keys.filter {
            try Self.classify($0, at: "/v1/chat/completions").isByStatusAlone
        }
        #expect(unknown == ["kimi.unknown_forbidden"])
    }
}
