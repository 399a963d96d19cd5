/// What the query of a request asks for.
///
/// A stream (`?events=100&interval=20000&bytes=240`), or a plain answer (`?answer=32768`).
struct StreamScript: Equatable, Hashable {
    /// Events with content.
    var events = 100
    /// The time between two of them, in microseconds; 0 sends all at once.
    var interval = 0
    /// The bytes of each, with its framing as an event.
    var bytes = 240
    /// The bytes of a plain answer's body in the place of a stream.
    var answer: Int?

    /// Reads the target of a request.
    ///
    /// `nil` for unknown names and numbers out of range: a million events, a minute, 64 KiB of an event, 16 MiB of an answer.
    init?(target: String) {
        guard let mark = target.firstIndex(of: "?") else { return }
        for pair in target[target.index(after: mark)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[1]) else { return nil }
            switch parts[0] {
            case "events" where (1...1_000_000).contains(number): self.events = number
            case "interval" where (0...60_000_000).contains(number): self.interval = number
            case "bytes" where (EventBytes.least...65_536).contains(number): self.bytes = number
            case "answer" where (PlainAnswer.least...16 << 20).contains(number): self.answer = number
            default: return nil
            }
        }
    }
}
