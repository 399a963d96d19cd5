import ProxyCore

extension ResponseHead {
    /// Whether the answer is a stream of server-sent events.
    var isEventStream: Bool { self.isContent("text/event-stream") }

    /// Whether the answer is one JSON document.
    var isJSON: Bool { self.isContent("application/json") }

    /// Whether the answer is a stream of JSON documents, one a line, as Ollama's native API gives it.
    var isNDJSON: Bool { self.isContent("application/x-ndjson") || self.isContent("application/jsonl") }

    /// The one form that the body is compressed in, in small letters; `nil` for none and for several.
    var singleCoding: String? {
        let codings = self.headers.listMembers("content-encoding").filter { !$0.equalsIgnoringASCIICase("identity") }
        return codings.count == 1 ? String(codings[0]).lowercased() : nil
    }

    /// Whether the bytes of the body are the content itself, not a compressed form of it.
    var isUncoded: Bool {
        self.headers.all("content-encoding").allSatisfy { line in
            line.split(separator: ",").allSatisfy { coding in
                let coding = coding.trimmingBlanks
                return coding.isEmpty || String(coding).equalsIgnoringASCIICase("identity")
            }
        }
    }

    /// Whether the content has that media type, whatever its parameters (RFC 9110 section 8.3.1).
    private func isContent(_ type: String) -> Bool {
        guard let value = self.headers.first("content-type") else { return false }
        return String(value.prefix { $0 != ";" }.trimmingBlanks).equalsIgnoringASCIICase(type)
    }
}

extension Substring {
    /// The text without blanks and tabs around it.
    fileprivate var trimmingBlanks: Substring {
        var text = self.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
