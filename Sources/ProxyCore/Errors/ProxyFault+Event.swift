public import NIOCore

extension ProxyFault {
    /// The fault as the last event of a stream that cannot be completed, in the caller's dialect.
    ///
    /// Anthropic's streams name the event; OpenAI's carry an object with `error`. Neither is followed by an end that the
    /// provider did not send.
    public func event(in dialect: Dialect, requestID: String) -> ByteBuffer {
        let body = self.body(in: dialect, requestID: requestID)
        var event = ByteBuffer()
        event.writeString(dialect.usesAnthropicEnvelope ? "event: error\ndata: " : "data: ")
        event.writeBytes(body)
        event.writeString("\n\n")
        return event
    }
}
