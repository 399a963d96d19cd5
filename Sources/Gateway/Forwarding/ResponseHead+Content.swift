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
        var text = contentType
        self = text.withUTF8 { bytes in
            var end = bytes.firstIndex(of: 0x3B) ?? bytes.count
            var start = 0
            while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
            while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
            let type = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<end])
            return switch type.count {
            case 16: Self.spells(type, "application/json") ? .json : .other
            case 17:
                if Self.spells(type, "text/event-stream") {
                    .eventStream
                } else {
                    Self.spells(type, "application/jsonl") ? .ndjson : .other
                }
            case 20: Self.spells(type, "application/x-ndjson") ? .ndjson : .other
            default: .other
            }
        }
    }

    /// Whether the bytes are a text of as many in small letters, but for their case.
    private static func spells(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        for index in 0..<bytes.count where bytes[index].asciiLowercased != text.utf8Start[index] { return false }
        return true
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
