import ProxyCore
import Testing

@testable import Gateway

/// What an answer's fields say of its body.
struct ResponseHeadContentTests {
    @Test(
        "the media type is what stands before the parameters",
        arguments: [
            ("application/json", true, false), ("Application/JSON; charset=utf-8", true, false),
            ("application/json ;a=b", true, false), (" application/json", true, false),
            ("application/json-seq", false, false), ("application/jsonl", false, false),
            ("application/problem+json", false, false), ("text/event-stream", false, true),
            ("text/event-stream;charset=utf-8", false, true), ("TEXT/Event-Stream", false, true),
            ("text/event-streams", false, false), ("", false, false),
        ])
    func mediaType(value: String, isJSON: Bool, isEventStream: Bool) {
        let head = ResponseHead(status: 200, headers: ["Content-Type": value])
        #expect(head.isJSON == isJSON)
        #expect(head.isEventStream == isEventStream)
        #expect(!ResponseHead(status: 200).isJSON)
    }

    @Test(
        "whether the bytes can be read",
        arguments: [
            ([], true), (["identity"], true), (["Identity, identity"], true), ([""], true), (["gzip"], false),
            (["identity", "br"], false), (["identity,gzip"], false),
        ] as [([String], Bool)])
    func coding(values: [String], isUncoded: Bool) {
        var head = ResponseHead(status: 200)
        for value in values { head.headers.add(name: "Content-Encoding", value: value) }
        #expect(head.isUncoded == isUncoded)
    }
}
