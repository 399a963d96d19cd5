import ProxyCore
import Testing

@testable import Gateway

/// What an answer's fields say of its body.
struct ResponseHeadContentTests {
    @Test(
        "the media type is what stands before the parameters",
        arguments: [
            ("application/json", .json), ("Application/JSON; charset=utf-8", .json), ("application/json ;a=b", .json),
            (" application/json", .json), ("application/json-seq", .other), ("application/jsonl", .ndjson),
            ("application/x-ndjson; charset=utf-8", .ndjson), ("application/problem+json", .other),
            ("text/event-stream", .eventStream), ("text/event-stream;charset=utf-8", .eventStream),
            ("TEXT/Event-Stream\t;", .eventStream), ("text/event-streams", .other), ("", .other), (" ; ", .other),
        ] as [(String, AnswerMedia)])
    func mediaType(value: String, media: AnswerMedia) {
        #expect(AnswerMedia(of: ResponseHead(status: 200, headers: ["Content-Type": value])) == media)
        #expect(AnswerMedia(of: ResponseHead(status: 200)) == .other)
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
