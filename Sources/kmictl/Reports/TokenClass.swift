/// The classes of tokens, in the order in which they are told.
enum TokenClass {
    /// Those of requests and of usage.
    static let all = ["input", "cache_read", "cache_write", "output", "reasoning"]

    /// Those of attempts.
    private static let fine = [
        "input", "input_audio", "input_image", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write",
        "output",
        "reasoning", "output_audio",
    ]

    /// The classes of which there are some, in their order; unknown ones behind.
    static func present(in tokens: [String: UInt64]) -> [(name: String, count: UInt64)] {
        let unknown = tokens.keys.filter { !Self.fine.contains($0) }.sorted()
        return (Self.fine + unknown).compactMap { name in
            tokens[name].flatMap { $0 > 0 ? (name, $0) : nil }
        }
    }

    /// All tokens; what does not fit stays at the largest number.
    static func sum(_ tokens: [String: UInt64]) -> UInt64 {
        tokens.values.reduce(0) { sum, count in
            let (next, overflow) = sum.addingReportingOverflow(count)
            return overflow ? .max : next
        }
    }
}
