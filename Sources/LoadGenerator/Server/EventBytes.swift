/// The bytes of a stream of chat completions, as OpenAI sends them, ready in chunks but for the times.
struct EventBytes {
    /// The digits of a time.
    static let digits = 19
    /// What stands before the digits within an event.
    static let mark = UInt8(ascii: "@")
    /// The fewest bytes of an event.
    static let least = before.utf8.count + 1 + digits + after.utf8.count

    /// The head of the answer and the event that names the role.
    static let beginning: [UInt8] =
        Array("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        + chunk(before.replacing("\"content\":\"", with: "\"role\":\"assistant\",\"content\":\"") + after)
    /// The finish, the usage, the end mark, and the end of the body.
    static let ending: [UInt8] =
        chunk(
            before.replacing("{\"content\":\"", with: "{}") + ",\"finish_reason\":\"stop\"}]}\n\n"
        )
        + chunk(
            #"data: {"id":"chatcmpl-load","object":"chat.completion.chunk","created":1767225600,"model":"gpt-4o-mini","choices":[],"#
                + #""usage":{"prompt_tokens":200,"completion_tokens":100,"total_tokens":300}}"# + "\n\n"
        )
        + chunk("data: [DONE]\n\n") + Array("0\r\n\r\n".utf8)

    private static let before =
        #"data: {"id":"chatcmpl-load","object":"chat.completion.chunk","created":1767225600,"model":"gpt-4o-mini","#
        + #""choices":[{"index":0,"delta":{"content":""#
    private static let after = #""},"finish_reason":null}]}"# + "\n\n"

    private var event: [UInt8]
    private let place: Int

    /// Events of so many bytes, `least` at least.
    init(bytes: Int) {
        let filling = String(repeating: "a", count: max(0, bytes - Self.least))
        let text = Self.before + "@" + String(repeating: "0", count: Self.digits) + filling + Self.after
        self.event = Self.chunk(text)
        self.place = (self.event.firstIndex(of: Self.mark) ?? 0) + 1
    }

    /// Hands out the bytes of an event that is sent at a time in nanoseconds.
    mutating func withEvent(sentAt time: UInt64, _ body: (UnsafeRawBufferPointer) -> Void) {
        var rest = time
        for index in (self.place..<self.place + Self.digits).reversed() {
            self.event[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        self.event.withUnsafeBytes(body)
    }

    private static func chunk(_ text: String) -> [UInt8] {
        Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8)
    }
}
