import DBusControl
import Dispatch
import Glibc

/// Shows requests as they end, until a signal ends it.
struct RequestTail {
    let filter: RequestFilter
    let invocation: Invocation

    func run() async throws -> ExitStatus {
        let signals = EndSignals()
        defer { signals.end() }
        let arrivals = signals.arrivals
        return try await withThrowingTaskGroup(of: ExitStatus.self) { group in
            group.addTask { try await self.follow() }
            group.addTask {
                for await _ in arrivals { break }
                return .success
            }
            // Whichever ends first ends the other: the daemon is told that nobody follows any more.
            let status = try await group.next()
            group.cancelAll()
            return status ?? .success
        }
    }

    private func follow() async throws -> ExitStatus {
        try await self.invocation.withDaemon { daemon in
            let invocation = self.invocation
            let rows = try await daemon.followRequests(capacity: 1024) { presence in
                switch presence {
                case .left: invocation.note("kmictl: the daemon went away; waiting for it.")
                case .returned: invocation.note("kmictl: the daemon is there again.")
                }
            }
            var printer = RequestLinePrinter(invocation: invocation)
            // Subscribed before, so that nothing is missing between the two; what both tell is shown once.
            var shown: Set<RowIdentity> = []
            if self.filter.since != nil {
                for row in try await RequestGathering(self.filter).page(of: daemon).rows.reversed() {
                    shown.insert(RowIdentity(row))
                    try printer.show(row)
                }
            }
            for try await row in rows {
                printer.count(dropped: row.dropped)
                guard self.filter.matches(row), shown.remove(RowIdentity(row)) == nil else { continue }
                try printer.show(row)
            }
            return .success
        }
    }

    /// Tells rows apart: an id that a caller chose may occur again.
    private struct RowIdentity: Hashable {
        var id: String
        var receivedAt: UInt64

        init(_ row: RequestRow) {
            self.id = row.id
            self.receivedAt = row.receivedAt
        }
    }
}

extension RequestFilter {
    /// Whether a row that has just ended is one of those that are asked for.
    func matches(_ row: RequestRow) -> Bool {
        if let since = self.since, row.receivedAt < since { return false }
        if let key = self.key, row.key != key, !row.attempts.contains(where: { $0.key == key }) { return false }
        if let provider = self.provider, row.provider != provider { return false }
        if let client = self.client, row.client != client { return false }
        if let status = self.status, row.status != status { return false }
        if let errorClass = self.errorClass, row.errorClass != errorClass { return false }
        return true
    }
}

/// Prints one line for each row.
struct RequestLinePrinter {
    let invocation: Invocation
    /// Rows that were left out since the last one that was shown.
    private var dropped: UInt64 = 0
    private var lines = RequestLines()

    init(invocation: Invocation) {
        self.invocation = invocation
    }

    /// Notes that rows were left out, and says so to a person.
    mutating func count(dropped: UInt64) {
        guard dropped > 0 else { return }
        self.dropped &+= dropped
        if self.invocation.json == nil { self.invocation.note("kmictl: \(dropped) requests were left out.") }
    }

    /// Prints a row.
    mutating func show(_ row: RequestRow) throws(CommandFailure) {
        var row = row
        row.dropped = self.dropped
        self.dropped = 0
        if self.invocation.json != nil {
            try self.invocation.print(row.json.text(.short))
        } else if self.invocation.isQuiet {
            try self.invocation.print(SafeText.line(row.id))
        } else {
            try self.invocation.print(self.lines.text(of: row, self.invocation.style))
        }
    }
}

/// The signals with which a person ends a program, heard instead of obeyed.
///
/// Not the one of a terminal that goes away: whoever starts programs with `nohup` has it ignored.
struct EndSignals {
    private static let numbers = [SIGINT, SIGTERM]

    /// One element for those that have come.
    let arrivals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (arrivals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.arrivals = arrivals
        self.sources = Self.numbers.map { number in
            // Else the signal would end the process before anybody hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    /// Gives them back.
    func end() {
        for source in self.sources { source.cancel() }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }
}
