import ProxyCore

/// What kind of content an answer has, as far as it matters on its way.
enum AnswerMedia: Sendable, Equatable {
    /// A stream of server-sent events.
    case eventStream
    /// One JSON document.
    case json
    /// A stream of JSON documents, one a line, as Ollama's native API gives it.
    case ndjson
    /// Anything else.
    case other

    /// Tells it by the media type, whatever its parameters (RFC 9110 section 8.3.1).
    init(of head: ResponseHead) {
        self = head.headers.first("content-type").map { Self(contentType: $0) } ?? .other
    }

    private init(contentType: String) {
        let type = contentType.mediaType
        if type.equalsIgnoringASCIICase("text/event-stream") {
            self = .eventStream
        } else if type.equalsIgnoringASCIICase("application/json") {
            self = .json
        } else if ["application/x-ndjson", "application/jsonl"].contains(where: type.equalsIgnoringASCIICase) {
            self = .ndjson
        } else {
            self = .other
        }
    }
}

extension ResponseHead {
    /// Whether the answer is a stream of server-sent events.
    var isEventStream: Bool { AnswerMedia(of: self) == .eventStream }

    /// The one form that the body is compressed in, in small letters; `nil` for none and for several.
    var singleCoding: String? {
        let codings = self.headers.listMembers("content-encoding").filter { !$0.equalsIgnoringASCIICase("identity") }
        return codings.count == 1 ? String(codings[0]).lowercased() : nil
    }

    /// Whether the bytes of the body are the content itself, not a compressed form of it.
    var isUncoded: Bool {
        self.headers.listMembers("content-encoding").allSatisfy { $0.equalsIgnoringASCIICase("identity") }
    }
}
