import GRDB
import Glibc
import ProxyCore

@testable import StateStore

extension StateStore {
    /// How long the processor is busy with a page, whatever else the machine does.
    func processorTime(of query: RequestQuery) async throws -> Duration {
        try await self.onWriter { database in
            func now() -> Duration {
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
            }
            let started = now()
            var malformed: Tally = [:]
            _ = try RequestTables.page(query, before: nil, in: database, &malformed)
            return now() - started
        }
    }

    /// Makes so many requests at once, a second apart: a third of them by a client, one of fifty refused by its first key, one of
    /// ten thousand at a rare provider, by a rare key and a rare client, with a rare class and status; one of eight fails with a
    /// key that never serves, at one provider and without a client.
    func fill(_ count: Int) async throws {
        try await self.onWriter { database in
            try database.inTransaction {
                try database.execute(
                    sql: """
                        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
                        INSERT INTO requests (
                            id, received_at, client, dialect, model, provider, key, status, error_class, is_stream, outcome,
                            duration_ns, caller_uid, caller_process)
                        SELECT printf('%016x%08x', (i * 2654435761) % 4294967296, i), ? + (i - i % 7) * 1000000,
                            CASE WHEN i % 10000 = 9 THEN 'rare' WHEN i % 8 = 3 THEN NULL WHEN i % 3 = 0 THEN 'laptop' END, 'openai', 'vendor/model-1.5',
                            CASE WHEN i % 10000 = 9 THEN 'rare' ELSE 'provider' || (i % 2) END,
                            CASE WHEN i % 10000 = 9 THEN 'rare' WHEN i % 8 = 3 THEN 'failing' ELSE 'key' || (i % 4) END,
                            CASE WHEN i % 10000 = 9 THEN 502 WHEN i % 8 = 3 THEN 529 WHEN i % 50 = 7 THEN 429 ELSE 200 END,
                            CASE WHEN i % 10000 = 9 THEN 'provider_protocol' WHEN i % 8 = 3 THEN 'provider_overloaded'
                                WHEN i % 50 = 7 THEN 'provider_rate_limited' END,
                            i % 2, 'complete', 1234567890, 1000, 'node'
                        FROM n
                        """, arguments: [count, newYear.microseconds])
                try database.execute(
                    sql: """
                        INSERT INTO attempts (
                            request, position, key, provider, status, duration_ns, selection, model, input, input_audio,
                            input_image, cache_read, cache_write_5m, cache_write_1h, output, reasoning, output_audio, quality,
                            pricing, pico_dollars, price_version)
                        SELECT number, 0, key, provider, status, 1234567890, 'affinity', 'model-1.5', 1000, 0, 0, 20000, 0, 0, 500,
                            0, 0, 'reported', 'priced', 123456789, '2026-01-01' FROM requests
                        UNION ALL
                        SELECT number, 1, 'key' || (number % 4), provider, 200, 1234567890, 'affinity', 'model-1.5', 1000, 0, 0,
                            20000, 0, 0, 500, 0, 0, 'reported', 'priced', 123456789, '2026-01-01'
                        FROM requests WHERE number % 50 = 7
                        """)
                return .commit
            }
        }
    }
}
