import DBusControl

/// Counts what happened in the last minute, second by second.
struct TopRates: Sendable {
    /// One second.
    private struct Bucket {
        var second: UInt64 = 0
        var requests: UInt64 = 0
        var failures: UInt64 = 0
        /// Requests of which only the number is known.
        var dropped: UInt64 = 0
        var tokens: UInt64 = 0
        var cost: Int64 = 0
        var isUnpriced = false
    }

    /// The seconds that are counted.
    static let span: UInt64 = 60
    /// The whole seconds that the rate is taken over.
    static let rateSpan: UInt64 = 10
    private static let second: UInt64 = 1_000_000

    private var buckets = [Bucket](repeating: Bucket(), count: Int(Self.span))

    /// Counts a request that has ended, if that was within the last minute.
    mutating func count(_ row: RequestRow, now: UInt64) {
        // A clock that was set back must not leave requests in a time that is to come.
        let moment = min(row.endedAt, now) / Self.second
        guard moment + Self.span > now / Self.second else { return }
        self.change(moment) { bucket in
            bucket.requests += 1
            if row.isFailure { bucket.failures += 1 }
            bucket.tokens = Self.sum(bucket.tokens, TokenClass.sum(row.tokens))
            let (cost, overflow) = bucket.cost.addingReportingOverflow(row.cost ?? 0)
            bucket.cost = overflow ? .max : cost
            if row.pricing == "unpriced" { bucket.isUnpriced = true }
        }
    }

    /// Counts requests of which nothing but their number is known.
    mutating func count(dropped: UInt64, now: UInt64) {
        self.change(now / Self.second) { $0.dropped = Self.sum($0.dropped, dropped) }
    }

    /// The figures of the last minute; `rows` are the requests that latencies are taken from.
    func figures(of rows: RequestRing, now: UInt64) -> TopFigures {
        let second = now / Self.second
        let minute = self.buckets.filter { $0.second <= second && $0.second + Self.span > second }
        let recent = minute.filter { $0.second < second && $0.second + Self.rateSpan >= second }
        let requests = minute.reduce(0) { $0 + $1.requests }
        let begin = now - min(now, Self.span * Self.second)
        let latest = rows.indices.filter { rows[$0].endedAt > begin }
        let durations = latest.map { rows[$0].duration }.sorted()
        let firstBytes = latest.map { rows[$0].firstByte }.filter { $0 > 0 }.sorted()
        return TopFigures(
            requestsPerSecond: recent.reduce(0) { $0 + Double($1.requests) + Double($1.dropped) }
                / Double(Self.rateSpan),
            median: Self.percentile(50, of: durations),
            percentile95: Self.percentile(95, of: durations),
            percentile99: Self.percentile(99, of: durations),
            firstByte: Self.percentile(50, of: firstBytes),
            tokensPerMinute: minute.reduce(0) { Self.sum($0, $1.tokens) },
            costPerMinute: minute.reduce(0) { sum, bucket in
                let (cost, overflow) = sum.addingReportingOverflow(bucket.cost)
                return overflow ? .max : cost
            },
            isUnpriced: minute.contains(where: \.isUnpriced),
            isIncomplete: minute.contains { $0.dropped > 0 },
            failureShare: requests == 0
                ? nil : Double(minute.reduce(0) { $0 + $1.failures }) / Double(requests)
        )
    }

    /// The least value that so many of a hundred do not exceed (nearest rank); `nil` without values.
    static func percentile(_ share: Int, of sorted: [UInt64]) -> UInt64? {
        guard !sorted.isEmpty else { return nil }
        let rank = (sorted.count * share + 99) / 100
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    private mutating func change(_ second: UInt64, _ body: (inout Bucket) -> Void) {
        let index = Int(second % Self.span)
        // A bucket is one of this minute or of an earlier one, which counts no more.
        if self.buckets[index].second != second { self.buckets[index] = Bucket(second: second) }
        body(&self.buckets[index])
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}

/// What the last minute came to.
struct TopFigures: Sendable, Equatable {
    /// Requests that ended, over the last ten seconds.
    var requestsPerSecond: Double
    /// Half of the requests took no longer, in microseconds; `nil` if there was none.
    var median: UInt64?
    /// 95 of 100 took no longer, likewise.
    var percentile95: UInt64?
    /// 99 of 100 took no longer, likewise.
    var percentile99: UInt64?
    /// Half of them had their first byte by then, likewise.
    var firstByte: UInt64?
    /// Tokens of all classes.
    var tokensPerMinute: UInt64
    /// Pico-dollars.
    var costPerMinute: Int64
    /// Whether some tokens have no price, so that the cost lacks them.
    var isUnpriced: Bool
    /// Whether of some requests only the number is known, so that there was more of everything.
    var isIncomplete: Bool
    /// The share of requests that failed; `nil` if there was none.
    var failureShare: Double?
}
