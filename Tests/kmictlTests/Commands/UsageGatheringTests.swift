import DBusControl
import Testing

@testable import kmictl

/// Usage that one message cannot carry.
struct UsageGatheringTests {
    private static let hour: UInt64 = 3_600_000_000
    private static let refusal = ControlClientError(
        .invalidArgument, "6000 rows are too many: group by less, or ask for a shorter time")

    /// A daemon that answers for `most` hours at once, with a model for each two hours from the epoch and one for all.
    private static func daemon(most: UInt64) -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.answerUsage = { query in
                let begin = query.since ?? 0
                // Nothing was used after the hundredth hour.
                let end = min(query.until ?? .max, 100 * Self.hour)
                guard begin < end else { return .success([]) }
                guard (end - begin) / Self.hour <= most else { return .failure(Self.refusal) }
                var rows: [String: UsageRow] = [:]
                for hour in begin / Self.hour..<end / Self.hour {
                    let all = Samples.usage(
                        "all", requests: 1, tokens: [1, 0, 0, 3, 0], cost: 9_007_199_254_740_993, unpriced: 1)
                    let own = Samples.usage("m\(hour / 2)", requests: 1, tokens: [5], cost: nil, unpriced: 1)
                    for row in [all, own] { rows[row.model ?? "", default: UsageRow()].add(row) }
                    rows[all.model ?? ""]?.model = all.model
                    rows[own.model ?? ""]?.model = own.model
                }
                return .success(rows.sorted { $0.key < $1.key }.map(\.value))
            }
        }
        return daemon
    }

    @Test(
        "halves the time where a message cannot carry the rows, and adds up to the last digit", arguments: [1, 7, 64])
    func addsUpHalves(most: UInt64) async throws {
        let daemon = Self.daemon(most: most)
        let rows = try await UsageGathering(Self.query(), now: Samples.now).rows(of: daemon)
        let all = try await UsageGathering(Self.query(), now: Samples.now).rows(of: Self.daemon(most: 1000))
        #expect(rows == all)
        #expect(rows.count == 51)
        let sum = rows.first { $0.model == "all" }
        #expect(sum?.requests == 100)
        #expect(sum?.cost == 900_719_925_474_099_300)
        #expect(sum?.tokens["output"] == 300)
        #expect(rows.last?.cost == nil)
        #expect(daemon.asked.count > 1)
    }

    @Test func sortsHoursByTime() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.answerUsage = { query in
                guard let since = query.since, since >= 8 * Self.hour || query.until == 8 * Self.hour else {
                    return .failure(Self.refusal)
                }
                var row = UsageRow()
                row.hour = since
                row.model = "m"
                return .success([row])
            }
        }
        var query = Self.query()
        query.by = [.hour, .model]
        (query.since, query.until) = (0, 16 * Self.hour)
        let rows = try await UsageGathering(query, now: Samples.now).rows(of: daemon)
        #expect(rows.map(\.hour) == [0, 8 * Self.hour])
    }

    @Test("a single hour that is too large stays refused, and so does everything else that is refused")
    func endsWithTheRefusal() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.answerUsage = { _ in .failure(Self.refusal) } }
        let result = try await kmictl("usage", daemon: daemon)
        #expect(result.status == .usage)
        #expect(result.errors.contains("rows are too many"))
        #expect(daemon.asked.count < UsageGathering.mostQuestions)
        daemon.with { $0.answerUsage = { _ in .failure(ControlClientError(.busy, "rows are too many")) } }
        let before = daemon.asked.count
        #expect(try await kmictl("usage", daemon: daemon).status == .failed)
        #expect(daemon.asked.count == before + 1)
    }

    private static func query() -> UsageQuery {
        var query = UsageQuery()
        query.by = [.model]
        return query
    }
}
