import NIOCore
import Testing

@testable import ProxyCore

/// Streams are made to ask for usage by changing as few bytes as possible (contract section 4).
struct UsageAskTests {
    private static func asked(_ text: String) -> String? {
        var scanner = JSONTopLevelScanner()
        scanner.feed(ByteBuffer(string: text))
        guard let edit = UsageAsk.edit(in: scanner) else { return nil }
        var bytes = Array(text.utf8)
        bytes.replaceSubrange(
            Int(edit.range.lowerBound)..<Int(edit.range.upperBound), with: edit.replacement.readableBytesView)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "asks where the caller did not, and leaves every other byte",
        arguments: [
            (#"{"stream":true}"#, #"{"stream_options":{"include_usage":true},"stream":true}"#),
            (
                " { \"model\" : \"m\" , \"stream\" : true }\n",
                " {\"stream_options\":{\"include_usage\":true}, \"model\" : \"m\" , \"stream\" : true }\n"
            ),
            (
                #"{"stream":true,"stream_options":null,"a":1.0}"#,
                #"{"stream":true,"stream_options":{"include_usage":true},"a":1.0}"#
            ),
            (#"{"stream":true,"stream_options":{}}"#, #"{"stream":true,"stream_options":{"include_usage":true}}"#),
            (
                #"{"stream":true,"stream_options":{ }}"#,
                #"{"stream":true,"stream_options":{"include_usage":true }}"#
            ),
            (
                #"{"stream_options":{"include_obfuscation":false},"stream":true}"#,
                #"{"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true}"#
            ),
            (
                #"{"stream":true,"stream_options":{"include_usage":false}}"#,
                #"{"stream":true,"stream_options":{"include_usage":true}}"#
            ),
            (
                #"{"stream":true,"stream_options":{"x":{"include_usage":true},"include_usage": null}}"#,
                #"{"stream":true,"stream_options":{"x":{"include_usage":true},"include_usage": true}}"#
            ),
            (
                #"{"str\u0065am":true,"messages":[{"stream_options":{}}]}"#,
                #"{"stream_options":{"include_usage":true},"str\u0065am":true,"messages":[{"stream_options":{}}]}"#
            ),
        ])
    func asks(text: String, expected: String) {
        #expect(Self.asked(text) == expected)
        #expect(Self.asked(expected) == nil)
    }

    @Test(
        "asks nobody else",
        arguments: [
            #"{"stream":false}"#, #"{"stream":"true"}"#, #"{}"#, "[]", #"{"stream":null}"#, #"{"stream":1}"#,
            #"{"stream":true,"stream_options":{"include_usage":true}}"#,
            #"{"stream":true,"stream_options":{"include_usage":1}}"#, #"{"stream":true,"stream_options":[]}"#,
            #"{"stream":true,"stream_options":"x"}"#, #"{"stream":true,"stream":true}"#,
            #"{"stream":true,"stream_options":{},"stream_options":{}}"#,
            #"{"stream":true,"stream_options":{"include_usage":false,"include_usage":false}}"#,
        ])
    func leavesAlone(text: String) {
        #expect(Self.asked(text) == nil)
    }

    @Test("only chat completions and completions need asking")
    func paths() {
        for target in ["/v1/chat/completions", "/v1/completions", "/coding/v1/chat/completions?a=/x"] {
            #expect(UsageAsk.concerns(target: target))
        }
        for target in ["/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/x?y=/completions", "/v1/completions/1"] {
            #expect(!UsageAsk.concerns(target: target))
        }
    }

    @Test("a refusal names the field")
    func refusals() {
        let named = Array(#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#.utf8)
        #expect(UsageAsk.isRefused(status: 400, body: named))
        #expect(UsageAsk.isRefused(status: 422, body: Array(#"{"detail":[{"loc":["body","include_usage"]}]}"#.utf8)))
        #expect(!UsageAsk.isRefused(status: 500, body: named))
        #expect(!UsageAsk.isRefused(status: nil, body: named))
        #expect(!UsageAsk.isRefused(status: 400, body: Array(#"{"error":{"message":"no such model"}}"#.utf8)))
        #expect(!UsageAsk.isRefused(status: 400, body: []))
    }
}
