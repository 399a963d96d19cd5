/// The tokens that count for rates of tokens.
public enum TokenCharge {
    /// A prompt of which nothing is known but its length counts as no more than this: a picture is many bytes and few tokens.
    public static let mostEstimated: Int64 = 200_000
    /// As many bytes of a request are taken for a token, as in text.
    static let bytesOfToken: Int64 = 4

    /// The tokens of a request, or of one attempt at it.
    ///
    /// What the answers told, or what was counted of them. Where the end did not come, and with it what would have been
    /// told there, the prompt is estimated by its length if more than is known of it: it was worked on, and nobody gets
    /// round a rate by leaving early.
    ///
    /// - Parameters:
    ///   - told: What is known.
    ///   - isWhole: Whether nothing more was to be told.
    ///   - body: How many bytes of the request's body came.
    public static func tokens(told: TokenCounts, isWhole: Bool, body: Int64) -> Int64 {
        guard !isWhole else { return told.total }
        let unknown = min(body / Self.bytesOfToken, Self.mostEstimated) - told.prompt
        let (sum, overflow) = told.total.addingReportingOverflow(max(0, unknown))
        return overflow ? .max : sum
    }
}
