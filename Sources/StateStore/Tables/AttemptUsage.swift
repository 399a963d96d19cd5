internal import GRDB
internal import ProxyCore

/// What an attempt used and cost, as the columns of `attempts` hold it.
enum AttemptUsage {
    /// The columns, in the order of ``values(of:)``.
    static let columns = """
        model, input, input_audio, input_image, cache_read, cache_write_5m, cache_write_1h, output, reasoning,
        output_audio, quality, is_inconsistent, answering_model, service_tier, reported_pico_dollars, pricing,
        pico_dollars, price_version
        """

    /// A question mark for each of the columns.
    static let placeholders = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

    /// The values of an attempt.
    static func values(of attempt: RequestRecord.Attempt) -> StatementArguments {
        let usage = attempt.usage
        // With nothing known there is nothing to count: NULL, not 0.
        let counts = usage.flatMap { $0.quality == .none && $0.counts.isZero ? nil : $0.counts }
        return [
            attempt.model?.text, counts?.input, counts?.inputAudio, counts?.inputImage, counts?.cacheRead,
            counts?.cacheWrite5m, counts?.cacheWrite1h, counts?.output, counts?.reasoning, counts?.outputAudio,
            usage?.quality.rawValue, usage?.isInconsistent == true ? 1 : 0, usage?.model?.text, usage?.serviceTier,
            usage?.reportedCost, attempt.cost?.pricing.rawValue, attempt.cost?.picoDollars, attempt.cost?.version,
        ]
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
