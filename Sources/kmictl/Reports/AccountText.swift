import DBusControl

/// What a request used and cost, and who sent it, in a few words; words that are not known stand for themselves.
enum AccountText {
    /// `1,234 input`, for each class of which there are some.
    static func tokens(_ tokens: [String: UInt64]) -> [String] {
        TokenClass.present(in: tokens).map { "\(CountText.exact($0.count)) \($0.name)" }
    }

    /// How far the tokens can be trusted; empty where there are none.
    static func quality(_ word: String) -> String {
        switch word {
        case "none": ""
        case "partial": "partial (the answer was cut)"
        case "estimated": "estimated (the provider told nothing)"
        default: word
        }
    }

    /// `$0.0042 (prices of 2026-07)`; empty where nothing is known.
    static func cost(_ cost: Int64?, pricing: String, version: String) -> String {
        guard cost != nil || !pricing.isEmpty else { return "" }
        let amount = cost.map(MoneyText.dollars) ?? "unknown"
        let reason =
            switch pricing {
            case "priced": Self.source(version)
            case "unpriced": "there is no price for the model"
            case "plan": "paid for by a plan"
            case "free": "one's own machine"
            default: pricing
            }
        return reason.isEmpty ? amount : "\(amount) (\(reason))"
    }

    /// Where a price is from.
    private static func source(_ version: String) -> String {
        switch version {
        case "": ""
        case "provider": "told by the provider"
        case "config": "prices of the configuration"
        default: "prices of \(version)"
        }
    }

    /// `python3 (pid 4711, user me, unit app.slice)`; empty where nothing was observed.
    static func caller(_ row: RequestRow) -> String {
        let user = row.user.isEmpty ? row.userID.map { String($0) } ?? "" : row.user
        let parts = [
            row.processID.map { "pid \($0)" } ?? "", user.isEmpty ? "" : "user \(user)",
            row.unit.isEmpty ? "" : "unit \(row.unit)",
        ].filter { !$0.isEmpty }
        guard !row.process.isEmpty || !parts.isEmpty else { return "" }
        let name = row.process.isEmpty ? "unknown process" : row.process
        return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
    }

    /// What an attempt used, in one line; empty where nothing is known.
    static func of(_ attempt: RequestRow.Attempt) -> String {
        let cost = Self.cost(attempt.cost, pricing: attempt.pricing, version: attempt.priceVersion)
        let parts = [
            Self.tokens(attempt.tokens).joined(separator: ", "), Self.quality(attempt.quality),
            attempt.isInconsistent ? "inconsistent" : "", cost.isEmpty || attempt.cost != nil ? cost : "cost \(cost)",
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
