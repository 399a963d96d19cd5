internal import Crypto

extension Conversation {
    /// The longest id, in bytes.
    public static let maximumIDLength = 300

    /// Tells the conversation from what the caller says of it and from the body; `nil` if neither tells it.
    ///
    /// What counts, the first that is there: the caller's own name for it, `prompt_cache_key`, `metadata.user_id`, the
    /// conversation or the earlier answer that the provider keeps, and a digest of how the conversation began. An id in the
    /// body of more than 1,024 bytes counts as absent.
    ///
    /// - Parameters:
    ///   - session: What `X-KMI-Session` says.
    ///   - body: The body, complete and well-formed; `nil` if it cannot be read.
    public init?(session: String?, body: JSONTopLevelScanner?) {
        guard let body, body.isObject else {
            guard let session, !session.isEmpty else { return nil }
            self.init(id: Source.session.id(session))
            return
        }
        let kept = body.text(.conversation) ?? body.text(.conversationID)
        let previous = body.text(.previousResponseID)
        let isBound = body.history.isBound || kept != nil || previous != nil
        let named: [(Source, String?)] = [
            (.session, session), (.promptCacheKey, body.text(.promptCacheKey)), (.user, body.text(.userID)),
            (.conversation, kept), (.response, previous),
        ]
        for case (let source, let text?) in named where !text.isEmpty {
            self.init(id: source.id(text), isBound: isBound)
            return
        }
        guard let digest = body.history.digest else { return nil }
        self.init(
            id: Source.beginning.id(Self.hexadecimal(digest.prefix(16))),
            isLookedUp: body.history.hasAnswer || isBound, isBound: isBound)
    }

    /// What an id is; ids of different sources never are the same.
    enum Source: String {
        case session
        case promptCacheKey = "cache"
        case user
        case conversation
        case response
        case beginning

        /// The id for a text of a caller: the text behind the source, or a digest of a text that is too long.
        func id(_ text: String) -> String {
            let id = "\(self.rawValue):\(text)"
            guard id.utf8.count > Conversation.maximumIDLength else { return id }
            var digest = SHA256()
            digest.update(data: Array(text.utf8))
            return "\(self.rawValue)#\(Conversation.hexadecimal(digest.finalize()))"
        }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension JSONTopLevelScanner {
    /// The text of a member that is a string, not empty and not too long.
    fileprivate func text(_ name: Name) -> String? {
        guard case .string(let text?) = self[name]?.kind, !text.isEmpty else { return nil }
        return text
    }
}
