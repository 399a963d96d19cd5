import DBusControl

/// What is known of the daemon, as a screen shows it.
struct TopData: Sendable {
    /// Whether the daemon is there.
    var presence = TopPresence.unknown
    /// The daemon as it was last; `nil` if it never answered.
    var manager: ManagerStatus?
    /// The keys as they were last.
    var keys: [KeyStatus] = []
    /// The last requests.
    var requests = RequestRing()
    /// What they came to.
    var rates = TopRates()
    /// Something that a person should know.
    var notice = ""
    /// The time that relative times count from, in microseconds since the epoch.
    var now: UInt64 = 0

    /// The figures of the last minute.
    var figures: TopFigures { self.rates.figures(of: self.requests, now: self.now) }

    /// Takes in what came from the daemon.
    mutating func take(_ event: TopEvent) {
        switch event {
        case .status(let manager, let keys):
            self.presence = .present
            self.manager = manager
            self.keys = keys
        case .history(let rows):
            // The ring drops what came first.
            for row in rows.sorted(by: { $0.endedAt < $1.endedAt }) { self.add(row) }
        case .finished(let row):
            self.add(row)
            if row.dropped > 0 { self.rates.count(dropped: row.dropped, now: self.now) }
        case .missed(let count): self.rates.count(dropped: count, now: self.now)
        case .away(let presence): self.presence = presence
        case .notice(let text): self.notice = text
        case .key, .resized, .tick: break
        }
    }

    private mutating func add(_ row: RequestRow) {
        if self.requests.append(row) { self.rates.count(row, now: self.now) }
    }
}

extension TopData {
    /// The keys that have to do with a filter, in order.
    ///
    /// Besides those whose label or provider it names they are those that served a request which it lets through.
    func keys(_ filter: TopFilter, by sort: TopSort<TopKeyColumn>) -> [KeyStatus] {
        var keys = self.keys
        if !filter.isEmpty {
            let serving = Set(self.requests.indices.map { self.requests[$0] }.filter(filter.matches).map(\.key))
            keys = keys.filter { filter.matches($0) || serving.contains($0.label) }
        }
        let values = keys.map { (value: sort.column.value(of: $0), key: $0) }
        return values.sorted { left, right in
            if left.value != right.value { return (left.value < right.value) == sort.isAscending }
            return left.key.label < right.key.label
        }
        .map(\.key)
    }

    /// Where the requests stand that a filter lets through, in order.
    func requests(_ filter: TopFilter, by sort: TopSort<TopRequestColumn>) -> [Int] {
        let indices = self.requests.indices.filter { filter.isEmpty || filter.matches(self.requests[$0]) }
        let values = indices.map { index in
            (value: sort.column.value(of: self.requests[index]), endedAt: self.requests[index].endedAt, index: index)
        }
        return values.sorted { left, right in
            if left.value != right.value { return (left.value < right.value) == sort.isAscending }
            // Of equal ones the newest first.
            return (left.endedAt, left.index) > (right.endedAt, right.index)
        }
        .map(\.index)
    }
}
