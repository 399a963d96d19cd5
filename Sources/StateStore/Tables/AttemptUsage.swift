internal import GRDB
internal import ProxyCore

/// What an attempt used and cost, as the columns of `attempts` hold it.
enum AttemptUsage {
    /// The columns, in the order of ``bind(_:to:)``.
    static let columns = """
        model, input, input_audio, input_image, cache_read, cache_write_5m, cache_write_1h, output, reasoning,
        output_audio, quality, is_inconsistent, answering_model, service_tier, reported_pico_dollars, pricing,
        pico_dollars, price_version
        """

    /// A question mark for each of the columns.
    static let placeholders = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

    /// Gives a statement the values of an attempt.
    static func bind(_ attempt: RequestRecord.Attempt, to statement: inout RowStatement) {
        let usage = attempt.usage
        // With nothing known there is nothing to count: NULL, not 0.
        let counts = usage.flatMap { $0.quality == .none && $0.counts.isZero ? nil : $0.counts }
        statement.bind(attempt.model?.text)
        statement.bind(counts?.input)
        statement.bind(counts?.inputAudio)
        statement.bind(counts?.inputImage)
        statement.bind(counts?.cacheRead)
        statement.bind(counts?.cacheWrite5m)
        statement.bind(counts?.cacheWrite1h)
        statement.bind(counts?.output)
        statement.bind(counts?.reasoning)
        statement.bind(counts?.outputAudio)
        statement.bind(usage?.quality.rawValue)
        statement.bind(usage?.isInconsistent == true)
        statement.bind(usage?.model?.text)
        statement.bind(usage?.serviceTier)
        statement.bind(usage?.reportedCost)
        statement.bind(attempt.cost?.pricing.rawValue)
        statement.bind(attempt.cost?.picoDollars)
        statement.bind(attempt.cost?.version)
    }

    /// Reads them into an attempt; false if one of them is malformed.
    static func read(_ row: Row, into attempt: inout RequestRecord.Attempt) -> Bool {
        guard let model = row.optional("model", ModelName.init),
            let quality = row.optional("quality", TokenUsage.Quality.init(rawValue:)),
            let isInconsistent = row.flag("is_inconsistent"),
            let answering = row.optional("answering_model", ModelName.init),
            let pricing = row.optional("pricing", Cost.Pricing.init(rawValue:))
        else { return false }
        attempt.model = model
        if let quality {
            var usage = TokenUsage(Self.counts(row), quality: quality)
            usage.isInconsistent = isInconsistent
            usage.model = answering
            usage.serviceTier = row.text("service_tier")
            usage.reportedCost = row.large("reported_pico_dollars")
            attempt.usage = usage
        }
        if let pricing {
            attempt.cost = Cost(pricing, picoDollars: row.large("pico_dollars"), version: row.text("price_version"))
        }
        return true
    }

    private static func counts(_ row: Row) -> TokenCounts {
        var counts = TokenCounts()
        counts.input = row.large("input") ?? 0
        counts.inputAudio = row.large("input_audio") ?? 0
        counts.inputImage = row.large("input_image") ?? 0
        counts.cacheRead = row.large("cache_read") ?? 0
        counts.cacheWrite5m = row.large("cache_write_5m") ?? 0
        counts.cacheWrite1h = row.large("cache_write_1h") ?? 0
        counts.output = row.large("output") ?? 0
        counts.reasoning = row.large("reasoning") ?? 0
        counts.outputAudio = row.large("output_audio") ?? 0
        return counts
    }
}
