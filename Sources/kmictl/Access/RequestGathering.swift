import DBusControl

/// Asks for pages of requests until there are as many as were asked for.
///
/// A page may be short, or empty, although more follow: where a filter finds few, the daemon ends a search that takes
/// long, and long rows do not fit into one message.
struct RequestGathering {
    /// The longest time that is spent on it; the list ends with a cursor then.
    static let longest = Duration.seconds(60)

    private(set) var filter: RequestFilter
    private var rows: [RequestRow] = []

    /// Begins with nothing.
    init(_ filter: RequestFilter) {
        self.filter = filter
    }

    /// Takes a page in, after so much time; what was asked for as far as it is there, or `nil` if ``filter`` has to be
    /// asked next.
    mutating func take(_ page: RequestPage, after elapsed: Duration) -> RequestPage? {
        self.rows += page.rows
        let missing = UInt32(clamping: Int(self.filter.limit) - page.rows.count)
        // A cursor that stays where it was would lead round in a circle.
        let isStuck = page.cursor == self.filter.cursor
        guard missing > 0, !page.cursor.isEmpty, !isStuck, elapsed < Self.longest else {
            return RequestPage(rows: self.rows, cursor: page.cursor)
        }
        self.filter.limit = missing
        self.filter.cursor = page.cursor
        return nil
    }

    /// What was asked for, from a daemon.
    func page(of daemon: any ControlAccess) async throws(ControlClientError) -> RequestPage {
        var gathering = self
        let begin = ContinuousClock.now
        while true {
            let page = try await daemon.requests(gathering.filter)
            if let whole = gathering.take(page, after: begin.duration(to: .now)) { return whole }
        }
    }
}
