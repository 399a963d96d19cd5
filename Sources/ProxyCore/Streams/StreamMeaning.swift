// The C library looks for a byte many at once.
import Glibc

/// What an event of a provider's stream means to the one who may still choose another provider (provider facts,
/// section 13).
///
/// It goes by the shape of the event and not by what the request asked for: the shapes of the dialects do not overlap, and
/// services in between translate them. What is not known counts as content.
public enum StreamMeaning: Sendable, Equatable {
    /// A comment, a ping, or nothing at all: the provider is alive, and no more.
    case keepAlive
    /// The answer takes shape, but holds nothing yet: a role, an empty part, a count of tokens.
    case preamble
    /// Text, a tool call, reasoning, or something unknown.
    case content
    /// The answer is over.
    case end
    /// The provider failed after it had said that all was well.
    case error(ProviderErrorDetails)

    /// Whether the answer stands from this event on: no other provider can take over.
    public var commits: Bool {
        switch self {
        case .content, .end: true
        case .keepAlive, .preamble, .error: false
        }
    }

    /// Tells what an event means.
    public init(of event: EventStreamReader.Event) {
        if event.name != Self.errorName, Self.hasNothing(event) {
            self = .keepAlive
        } else if event.data == Self.doneData {
            self = .end
        } else if event.isTruncated {
            self = event.name == Self.errorName ? .error(ProviderErrorDetails()) : .content
        } else if let value = JSONValue(parsing: event.data) {
            let root = value.elements.first ?? value
            self =
                Self.isError(root) || event.name == Self.errorName
                ? .error(ProviderErrorDetails(body: event.data) ?? ProviderErrorDetails()) : Self(of: root)
        } else if event.name == Self.errorName {
            var details = ProviderErrorDetails()
            if !event.data.isEmpty { details.message = String(decoding: event.data.prefix(4_096), as: UTF8.self) }
            self = .error(details)
        } else {
            self = .content
        }
    }

    /// Whether the event says no more than that the provider is alive; costs less than the whole meaning.
    public static func isKeepAlive(_ event: EventStreamReader.Event) -> Bool {
        if event.name != Self.errorName, self.hasNothing(event) { return true }
        // A ping without a name is a short object that names its type.
        guard event.data.count <= 256, self.pingTokens.contains(where: { self.contains($0, in: event.data) }) else {
            return false
        }
        return Self(of: event) == .keepAlive
    }

    /// Whether nothing follows the event in the streams of the known dialects; costs less than the whole meaning.
    ///
    /// Gemini's streams have no such event.
    public static func isLast(_ event: EventStreamReader.Event) -> Bool {
        event.data == self.doneData || (!event.name.isEmpty && self.lastNames.contains(event.name))
    }

    /// The error that the event tells of; costs less than the whole meaning where there is none.
    public static func error(in event: EventStreamReader.Event) -> ProviderErrorDetails? {
        // Quotes within a text are escaped, so the word stands there as a name or as a whole text.
        guard event.name == Self.errorName || self.contains(self.errorToken, in: event.data),
            case .error(let details) = Self(of: event)
        else { return nil }
        return details
    }

    /// Whether the event is one of data, with or without a name, that is neither a ping nor an error nor the end, and would
    /// not be if its texts were shorter.
    static func isPlain(_ event: EventStreamReader.Event) -> Bool {
        event.isComplete && !event.isTruncated && event.fields.isSubset(of: [.data, .event])
            && event.name != self.errorName && !self.contains(self.errorToken, in: event.data) && !self.isLast(event)
            && !self.hasNothing(event) && !self.pingTokens.contains { self.contains($0, in: event.data) }
    }

    private static let errorName = "error"
    private static let keepAliveNames: Set<String> = ["ping", "keepalive", "keep-alive"]
    private static let lastNames: Set<String> = [
        "message_stop", "response.completed", "response.incomplete", "response.failed",
    ]
    private static let doneData = Array("[DONE]".utf8)
    private static let errorToken = Array(#""error""#.utf8)
    private static let pingTokens = [Array(#""ping""#.utf8), Array(#""keepalive""#.utf8)]

    /// Whether there is nothing for a reader in it, or its name says so.
    ///
    /// Unknown fields are not nothing: what is no event stream at all has to pass too.
    private static func hasNothing(_ event: EventStreamReader.Event) -> Bool {
        if event.fields.contains(.unknown) { return false }
        // Most events have no name, of which a set would compute the hash all the same.
        return event.dataLength == 0 || (!event.name.isEmpty && self.keepAliveNames.contains(event.name))
    }

    private static func contains(_ token: [UInt8], in data: [UInt8]) -> Bool {
        guard data.count >= token.count else { return false }
        return data.withUnsafeBytes { bytes in
            token.withUnsafeBytes { token in
                guard var place = bytes.baseAddress, let wanted = token.baseAddress else { return false }
                let end = place + (bytes.count - token.count + 1)
                while place < end, let found = memchr(place, Int32(token[0]), end - place) {
                    if memcmp(found, wanted, token.count) == 0 { return true }
                    place = UnsafeRawPointer(found) + 1
                }
                return false
            }
        }
    }

    private static func isError(_ root: JSONValue) -> Bool {
        if let error = root["error"], !error.isEmpty { return true }
        let type = root["type"]?.text
        return type == "error" || type == "response.failed" || root["object"]?.text == "error"
    }
}
