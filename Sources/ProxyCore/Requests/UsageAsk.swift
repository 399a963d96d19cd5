import NIOCore

/// How a streamed request is made to ask for usage that its caller did not ask for (contract section 4).
public enum UsageAsk {
    /// The change that asks: adds `stream_options.include_usage`, or makes it true.
    ///
    /// `nil` where the request asks already, is no stream, or says it in a way that leaves nothing to splice. The text has to
    /// be a whole JSON document.
    public static func edit(in body: JSONTopLevelScanner) -> BodySplice.Edit? {
        guard body.isObject, body.fault == nil, let stream = body[.stream], stream.occurrences == 1,
            stream.kind == .bool(true), let front = body.insertionOffset
        else { return nil }
        guard let options = body[.streamOptions] else {
            return self.insert(#""stream_options":{"include_usage":true},"#, at: front)
        }
        guard options.occurrences == 1 else { return nil }
        switch options.kind {
        case .null: return self.replace(options.range, with: #"{"include_usage":true}"#)
        case .object: break
        case .string, .number, .bool, .array: return nil
        }
        guard let asks = body[.includeUsage] else {
            let member = #""include_usage":true"#
            return self.insert(body.hasStreamOption ? member + "," : member, at: options.range.lowerBound + 1)
        }
        guard asks.occurrences == 1, asks.kind == .bool(false) || asks.kind == .null else { return nil }
        return self.replace(asks.range, with: "true")
    }

    /// Whether a path leads to streams that tell usage only if asked to: chat completions and completions.
    ///
    /// `target` is the path at the provider, with or without a query.
    public static func concerns(target: String) -> Bool {
        target.prefix { $0 != "?" }.hasSuffix("/completions")
    }

    /// Whether an error of a provider says that it does not know the field.
    ///
    /// - Parameters:
    ///   - status: The status of the answer.
    ///   - body: As much of its body as there is.
    public static func isRefused(status: Int?, body: some Collection<UInt8>) -> Bool {
        guard status == 400 || status == 422 else { return false }
        let text = Array(body)
        return [self.outer, self.inner].contains { word in
            text.indices.contains { text[$0...].starts(with: word) }
        }
    }

    private static let outer = Array("stream_options".utf8)
    private static let inner = Array("include_usage".utf8)

    private static func insert(_ text: String, at offset: Int64) -> BodySplice.Edit {
        self.replace(offset..<offset, with: text)
    }

    private static func replace(_ range: Range<Int64>, with text: String) -> BodySplice.Edit {
        BodySplice.Edit(range: range, replacement: ByteBuffer(string: text))
    }
}

extension ProviderKind {
    /// Whether its streams tell usage unasked (provider facts, section 14.1).
    public var tellsUsageUnasked: Bool {
        switch self {
        case .kimi, .moonshot, .openRouter: true
        case .openAI, .anthropic, .deepSeek, .gemini, .local, .compatible: false
        }
    }
}
