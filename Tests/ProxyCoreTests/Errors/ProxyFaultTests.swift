import Foundation
import NIOCore
import ProxyCore
import Testing

struct ProxyFaultTests {
    private static func text(_ fault: ProxyFault, _ dialect: Dialect) -> String {
        String(decoding: fault.body(in: dialect, requestID: "r1"), as: UTF8.self)
    }

    @Test("renders both envelopes (contract section 5, X-057)")
    func rendersEnvelopes() {
        let fault = ProxyFault(.unauthorized, message: "No.")
        #expect(
            Self.text(fault, .openai)
                == #"{"error":{"message":"No.","type":"authentication_error","code":"unauthorized","param":null}}"#)
        #expect(
            Self.text(fault, .anthropic)
                == #"{"type":"error","error":{"type":"authentication_error","message":"No.","code":"unauthorized"},"#
                + #""request_id":"r1"}"#)
        #expect(Self.text(fault, .gemini) == Self.text(fault, .openai))
        #expect(Self.text(fault, .other) == Self.text(fault, .openai))
    }

    @Test(
        "has the type of the status",
        arguments: [
            (400, "invalid_request_error", "invalid_request_error"),
            (401, "authentication_error", "authentication_error"),
            (403, "permission_error", "permission_error"), (404, "invalid_request_error", "not_found_error"),
            (405, "invalid_request_error", "invalid_request_error"),
            (408, "invalid_request_error", "invalid_request_error"),
            (413, "invalid_request_error", "request_too_large"),
            (426, "invalid_request_error", "invalid_request_error"),
            (429, "rate_limit_error", "rate_limit_error"), (431, "invalid_request_error", "invalid_request_error"),
            (500, "server_error", "api_error"), (502, "server_error", "api_error"),
            (503, "server_error", "overloaded_error"),
            (504, "server_error", "timeout_error"),
        ])
    func hasType(status: Int, openAI: String, anthropic: String) {
        #expect(ProxyFault.errorType(status: status, dialect: .openai) == openAI)
        #expect(ProxyFault.errorType(status: status, dialect: .anthropic) == anthropic)
    }

    @Test func hasTheStatusOfTheTable() {
        let table: [(Int, [String])] = [
            (400, ["invalid_request"]), (401, ["unauthorized"]), (403, ["forbidden"]), (404, ["not_found"]),
            (405, ["method_not_allowed"]), (408, ["request_timeout"]), (413, ["body_too_large"]),
            (426, ["upgrade_refused"]),
            (429, ["rate_limited"]), (431, ["headers_too_large"]), (500, ["internal"]),
            (
                502,
                [
                    "upstream_auth", "upstream_unreachable", "upstream_tls", "upstream_pin_mismatch",
                    "upstream_protocol",
                    "response_too_large",
                ]
            ),
            (503, ["no_usable_key", "overloaded"]), (504, ["upstream_timeout"]),
        ]
        for (status, codes) in table {
            for code in codes { #expect(ProxyErrorCode(rawValue: code)?.status == status, "\(code)") }
        }
        #expect(table.reduce(0) { $0 + $1.1.count } == ProxyErrorCode.allCases.count)
    }

    @Test func answersWithTheHeadersOfTheError() throws {
        let fault = ProxyFault(.noUsableKey, status: 429, retryAfter: 0, shouldRetry: false)
        let (head, body) = fault.render(in: .openai, requestID: "id-1")
        #expect(head.status == 429)
        #expect(head.headers.first("x-kmi-error") == "no_usable_key")
        #expect(head.headers.first("x-request-id") == "id-1")
        #expect(head.headers.first("retry-after") == "1")
        #expect(head.headers.first("x-should-retry") == "false")
        #expect(head.headers.first("content-type") == "application/json")
        #expect(head.headers.first("content-length") == String(body.readableBytes))
        #expect(!head.headers.contains("www-authenticate"))
        let refused = ProxyFault(.unauthorized).render(in: .anthropic, requestID: "").head.headers
        #expect(refused.first("www-authenticate") == "Bearer")
        #expect(!refused.contains("retry-after") && !refused.contains("x-should-retry"))
        let refusal = ProxyFault(refusal: .headersTooLarge).refusalAnswer(in: .openai, requestID: "x")
        #expect(refusal.head.status == 431)
        #expect(!refusal.head.headers.contains("content-length"))
        let allowed = ProxyFault(.methodNotAllowed, allowedMethods: ["GET", "HEAD"]).headers(requestID: "x")
        #expect(allowed.first("allow") == "GET, HEAD")
    }

    @Test("lists keys by label, state and time (contract section 5)", arguments: [Dialect.openai, .anthropic])
    func listsKeys(dialect: Dialect) throws {
        let fault = ProxyFault(
            .noUsableKey,
            keys: [
                .init(
                    label: "alpha", state: "cooling", reason: "provider_rate_limited",
                    usableAt: WallTime(microseconds: 1_795_183_500_999_999)),
                .init(label: "b\"", state: "invalid", usableAt: nil),
            ])
        #expect(
            Self.text(fault, dialect).contains(
                #","keys":[{"label":"alpha","state":"cooling","reason":"provider_rate_limited","usable_at":"2026-11-20T14:05:00Z"},"#
                    + #"{"label":"b\"","state":"invalid","reason":null,"usable_at":null}]}"#))
        let json =
            try JSONSerialization.jsonObject(with: Data(fault.body(in: dialect, requestID: "r"))) as? [String: Any]
        #expect(((json?["error"] as? [String: Any])?["keys"] as? [Any])?.count == 2)
        let empty = ProxyFault(.noUsableKey, keys: [])
        #expect(Self.text(empty, dialect).contains(#","keys":[]}"#))
    }

    @Test("escapes every character that needs it", arguments: [Dialect.openai, .anthropic])
    func escapes(dialect: Dialect) throws {
        let text = String(String.UnicodeScalarView((0...0x7F).compactMap { Unicode.Scalar($0) })) + "é漢😀\u{2028}"
        let body = ProxyFault(.invalidRequest, message: text).body(in: dialect, requestID: text)
        #expect(body.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        let json = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        #expect((json?["error"] as? [String: Any])?["message"] as? String == text)
    }

    @Test func namesTheClassesOfTheContract() {
        #expect(ErrorClass.allCases.count == 24)
        #expect(ErrorClass(rawValue: "provider_tls") == .providerTLS)
        #expect(
            ErrorClass.allCases.allSatisfy {
                ["caller", "provider", "daemon"].contains($0.rawValue.split(separator: "_")[0])
            })
    }

    @Test(
        "turns failed transfers into codes and classes",
        arguments: [
            (UpstreamFailure.Kind.unreachable, ProxyErrorCode.upstreamUnreachable, ErrorClass.providerUnreachable),
            (.tls, .upstreamTLS, .providerTLS), (.pinMismatch, .upstreamPinMismatch, .providerTLS),
            (.connectTimeout, .upstreamTimeout, .providerTimeout),
            (.closedBeforeAnswer, .upstreamUnreachable, .providerUnreachable),
            (.closedDuringAnswer, .upstreamProtocol, .providerProtocol),
            (.protocolViolation, .upstreamProtocol, .providerProtocol),
            (.internalFault, .internalFault, .daemonInternal),
        ])
    func turnsFailures(kind: UpstreamFailure.Kind, code: ProxyErrorCode, errorClass: ErrorClass) {
        let failure = UpstreamFailure(
            kind: kind, requestBytesSent: true, connectionReused: false, detail: "/etc/secret SSL_connect")
        #expect(ProxyFault(failure: failure).code == code)
        #expect(!ProxyFault(failure: failure).message.contains("SSL_connect"))
        #expect(ErrorClass(failure: failure) == errorClass)
    }
}
