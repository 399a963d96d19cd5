import Foundation
import GRDB
import Logging
import ProxyCore
import Synchronization
import TestSupport

@testable import StateStore

/// 2026-01-01T00:00:00Z.
let newYear = WallTime(microseconds: 1_767_225_600_000_000)

func label(_ text: String) throws -> KeyLabel { try some(KeyLabel(text), text) }
func provider(_ text: String) throws -> ProviderName { try some(ProviderName(text), text) }
func client(_ text: String) throws -> ClientName { try some(ClientName(text), text) }
func model(_ text: String) throws -> ModelName { try some(ModelName(text), text) }

private func some<Value>(_ value: Value?, _ text: String) throws -> Value {
    guard let value else { throw TestFailure("\(text) is no name") }
    return value
}

/// The record of a request that one key served, the `number`th of its test.
func served(_ number: Int, by key: String = "alpha", at provider: String = "sim") throws -> RequestRecord {
    var record = RequestRecord(
        id: "request-\(number)", receivedAt: WallTime(microseconds: newYear.microseconds + Int64(number)),
        dialect: .openai)
    record.key = try label(key)
    record.provider = try StateStoreTests.provider(provider)
    record.status = 200
    record.attempts = [RequestRecord.Attempt(key: try label(key), provider: try StateStoreTests.provider(provider))]
    return record
}

/// The record of a request whose first key failed and whose second served, with everything that a record can hold.
func full(_ number: Int) throws -> RequestRecord {
    var record = try served(number, by: "beta")
    record.client = try client("laptop")
    record.project = "a project; DROP TABLE requests"
    record.model = try model("vendor/model:1.5")
    record.errorClass = .providerProtocol
    record.isStream = true
    record.outcome = .cut
    record.duration = .nanoseconds(1_234_567_891)
    record.firstByte = .nanoseconds(7)
    var first = RequestRecord.Attempt(
        key: try label("alpha"), provider: try provider("sim"), errorClass: .providerRateLimited, status: 429,
        duration: .microseconds(15))
    first.selection = .affinity
    first.isPossiblyBilled = true
    first.decidedBy = "kimi.concurrency"
    first.waited = .nanoseconds(99)
    first.passedOver = [
        RequestRecord.PassedOver(label: try label("beta"), obstacle: .turn, state: .usable),
        RequestRecord.PassedOver(label: try label("g@m.a"), obstacle: .state, state: .billing),
    ]
    record.attempts.insert(first, at: 0)
    var usage = TokenUsage(tokens(from: 1), quality: .partial)
    usage.isInconsistent = true
    usage.reportedCost = 12_345
    usage.model = try model("model-1.5-2026")
    usage.serviceTier = "priority'; --"
    record.attempts[1].model = try model("model:1.5")
    record.attempts[1].usage = usage
    record.attempts[1].cost = Cost(.priced, picoDollars: 12_345_678_901, version: "2026-01-01")
    record.caller = ObservedCaller()
    record.caller?.userID = .max
    record.caller?.user = "anna"
    record.caller?.processID = 4_194_304
    record.caller?.process = "node"
    record.caller?.unit = "app-editor.scope"
    return record
}

/// Counts that differ in each class.
func tokens(from first: Int64) -> TokenCounts {
    var counts = TokenCounts()
    counts.input = first
    counts.inputAudio = first + 1
    counts.inputImage = first + 2
    counts.cacheRead = first + 3
    counts.cacheWrite5m = first + 4
    counts.cacheWrite1h = first + 5
    counts.output = first + 6
    counts.reasoning = first + 7
    counts.outputAudio = first + 8
    return counts
}

/// The record of a request that one key served, with bodies of so many bytes.
func captured(_ number: Int, bytes: Int = 1_000) throws -> RequestRecord {
    var record = try served(number)
    record.bodies = CapturedBodies(
        request: (0..<bytes).map { UInt8(truncatingIfNeeded: $0) }, answer: Array(repeating: 0, count: bytes),
        isRequestCut: true, isAnswerCut: false)
    return record
}

/// Opens the store of a directory, and closes it after `body`, whatever happens.
func withStore<Value>(
    in directory: TemporaryDirectory, migrations: [Migration] = Migration.all, rowLimit: Int = StateStore.rowLimit,
    wholePages: Int = DatabaseCheck.wholePages, log: LogCollector = LogCollector(),
    _ body: (StateStore) async throws -> Value
) async throws -> Value {
    let store = try StateStore.open(
        directory: directory.path, logger: log.logger, now: newYear, migrations: migrations, rowLimit: rowLimit,
        // What was appended is to be found, however busy the disk of a test machine is.
        settleLimit: .seconds(5), wholePages: wholePages)
    do {
        let value = try await body(store)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}

extension StateStore {
    /// Runs SQL on the writer's own connection, between its transactions.
    func onWriter<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let pool = self.writer.pool
        return try await onOwnThread { try pool.writeWithoutTransaction { try body($0) } }
    }

    /// What was spent, told apart by everything, as a table.
    func spent() async throws -> SpendingTable {
        var query = SpendingQuery()
        query.by = SpendingQuery.Axis.allCases
        return try await self.spending(query).table()
    }

    /// Why changes were not made; `nil` if they were.
    func refusal(of changes: [StateChange]) async -> StateStoreError? {
        do {
            try await self.commit(changes)
            return nil
        } catch { return error }
    }

    /// How many callers wait for an answer.
    var callers: Int { self.writer.state.withLock { $0.answers.count } }

    /// Whether a value waits that is in no transaction yet.
    var hasWaiting: Bool { self.writer.state.withLock { $0.pending.waitingSince != nil } }

    /// Waits until the writer has done what stood in its queue, and what that has put there.
    func writerTurn() async {
        for _ in 0..<3 {
            await withCheckedContinuation { continuation in self.giveSign { continuation.resume() } }
        }
    }

    /// Waits until everything that was handed over is on disk.
    func settled() async throws {
        try await eventually("what waited is on disk") {
            self.statistics.waitingRows == 0 && !self.hasWaiting
        }
        _ = try await self.onWriter { _ in }
    }
}

extension [SpendingRow] {
    /// Rows that were told apart by everything, as the table that they were made from.
    func table() throws -> SpendingTable {
        var table = SpendingTable()
        for row in self {
            guard let hour = row.hour, let key = row.key, let provider = row.provider else {
                throw TestFailure("a row without hour, key or provider")
            }
            table.add(
                row.spending,
                to: Spending.ID(
                    hour: hour, key: key, provider: provider, model: row.model, client: row.client,
                    project: row.project, process: row.process))
        }
        return table
    }
}

/// Opens a closed database from outside.
func inspect<Value>(_ path: String, _ body: (Database) throws -> Value) throws -> Value {
    let queue = try DatabaseQueue(path: path)
    let value = try queue.writeWithoutTransaction { try body($0) }
    try queue.close()
    return value
}

/// What was logged.
final class LogCollector: Sendable {
    private let lines = Mutex<[String]>([])

    /// A logger that writes here.
    var logger: Logger {
        Logger(label: "test") { _ in Handler(collector: self) }
    }

    /// The events that were logged, in their order.
    var events: [String] { self.lines.withLock { $0 } }

    private struct Handler: LogHandler {
        let collector: LogCollector
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(collector: LogCollector) { self.collector = collector }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.collector.lines.withLock { $0.append(event.metadata?["event"].map { "\($0)" } ?? "-") }
        }
    }
}
