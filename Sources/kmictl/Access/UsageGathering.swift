import DBusControl

/// Asks for usage, and where one message cannot carry all rows for the halves of the time.
///
/// The sums of disjoint hours add up to the sum of all of them.
struct UsageGathering {
    /// The most questions that are asked: each that is answered has thousands of rows.
    static let mostQuestions = 512

    private let query: UsageQuery
    private let now: UInt64
    private var sums: [[UsageName]: UsageRow] = [:]
    private var questions = 0

    /// Begins with nothing; what has no end is split before `now`, in microseconds since the epoch.
    init(_ query: UsageQuery, now: UInt64) {
        self.query = query
        self.now = now
    }

    /// The rows, in the order of their names.
    func rows(of daemon: any ControlAccess) async throws(ControlClientError) -> [UsageRow] {
        var gathering = self
        // Usually it is one question, whose answer stays as it is.
        do throws(ControlClientError) {
            return try await daemon.usage(self.query)
        } catch {
            guard let halves = gathering.halves(of: self.query, after: error) else { throw error }
            for half in halves { try await gathering.add(half, of: daemon) }
        }
        return gathering.sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    private mutating func add(_ query: UsageQuery, of daemon: any ControlAccess) async throws(ControlClientError) {
        // Halves come back in order, so that this is as deep as hours are many: 20 at most.
        do throws(ControlClientError) {
            for row in try await daemon.usage(query) { self.add(row) }
        } catch {
            guard let halves = self.halves(of: query, after: error) else { throw error }
            for half in halves { try await self.add(half, of: daemon) }
        }
    }

    private mutating func add(_ row: UsageRow) {
        let names = self.query.by.map { axis in
            axis == .hour ? UsageName.hour(row.hour ?? 0) : UsageName.text(row[axis] ?? "")
        }
        if self.sums[names] == nil { self.sums[names] = row } else { self.sums[names]?.add(row) }
    }

    /// The halves of the time of a question; `nil` where that does not help.
    private mutating func halves(of query: UsageQuery, after error: ControlClientError) -> [UsageQuery]? {
        self.questions += 2
        guard error.isTooManyRows, self.questions <= Self.mostQuestions else { return nil }
        let begin = UsageQuery.hour(of: query.since ?? 0)
        let end = UsageQuery.endOfHour(of: query.until ?? max(self.now, begin))
        guard begin < end else { return nil }
        let middle = UsageQuery.hour(of: begin + (end - begin) / 2)
        guard begin < middle, middle < end else { return nil }
        var (first, second) = (query, query)
        (first.until, second.since) = (middle, middle)
        return [first, second]
    }
}

/// One name of a row of usage; names of one axis are of one kind.
private enum UsageName: Hashable, Comparable {
    case text(String)
    case hour(UInt64)

    static func < (left: UsageName, right: UsageName) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.hour(let left), .hour(let right)): left < right
        case (.text, .hour): true
        case (.hour, .text): false
        }
    }
}
