/// A chat completion in one piece, of any size.
enum PlainAnswer {
    /// The fewest bytes of a body.
    static let least = before.utf8.count + after.utf8.count

    private static let before =
        #"{"id":"chatcmpl-load","object":"chat.completion","created":1767225600,"model":"gpt-4o-mini","#
        + #""choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":""#
    private static let after =
        #""}}],"usage":{"prompt_tokens":200,"completion_tokens":100,"total_tokens":300}}"#

    /// Head and body, the latter of so many bytes, `least` at least.
    static func bytes(_ size: Int) -> [UInt8] {
        let body = Self.before + String(repeating: "a", count: max(0, size - Self.least)) + Self.after
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return Array((head + body).utf8)
    }
}
