/// The head of a request as the caller sent it.
public struct RequestHead: Sendable, Equatable {
    /// The method, upper-case as on the wire (methods are case-sensitive).
    public var method: String
    /// The request target, byte for byte as it stood in the request line.
    public var target: String
    /// The header fields, in order.
    public var headers: HeaderFields
    /// Whether a body follows of which no field tells: HTTP/2 needs none, since the stream's end is the body's.
    public var hasUnannouncedBody = false

    /// Makes a request head.
    public init(method: String, target: String, headers: HeaderFields = [:]) {
        self.method = method
        self.target = target
        self.headers = headers
    }
}

/// The head of an answer, final ones only (status 200 to 599): interim answers never get this far.
public struct ResponseHead: Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// The reason phrase; empty lets the listener choose the usual one.
    public var reason: String
    /// The header fields, in order.
    public var headers: HeaderFields

    /// Makes a response head.
    public init(status: Int, reason: String = "", headers: HeaderFields = [:]) {
        self.status = status
        self.reason = reason
        self.headers = headers
    }
}
