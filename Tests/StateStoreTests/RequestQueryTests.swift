import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct RequestQueryTests {
    @Test("a record comes back as it was, whatever its text holds (T-031)")
    func keepsRecords() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                var hostile = RequestRecord(id: "x'); DROP TABLE requests; --", receivedAt: newYear, dialect: .other)
                hostile.outcome = .refused
                hostile.errorClass = .callerUnauthorized
                let records = [try full(1), hostile, try served(2)]
                for record in records { store.append(record) }
                #expect(try await store.requests(RequestQuery()).records == records.reversed())
                #expect(try await store.request(id: hostile.id) == hostile)
                #expect(try await store.request(id: "request-9") == nil)
                var again = try served(9)
                again.id = "request-2"
                store.append(again)
                #expect(try await store.request(id: "request-2") == again, "the newest of that id")
            }
        }
    }

    @Test("pages neither skip nor repeat a row while others are added (A-024)")
    func pages() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<25 { store.append(try served(number)) }
                var query = RequestQuery()
                query.limit = 10
                var seen: [String] = []
                for _ in 0..<3 {
                    let page = try await store.requests(query)
                    seen += page.records.map(\.id)
                    query.cursor = page.next
                    store.append(try served(100))
                }
                #expect(seen == (0..<25).reversed().map { "request-\($0)" })
                #expect(query.cursor.isEmpty)
            }
        }
    }

    @Test("a page that ends with the last row is the last one", arguments: [(4, 5), (5, 5), (6, 5)])
    func endsExactly(rows: Int, limit: Int) async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<rows { store.append(try served(number)) }
                var query = RequestQuery()
                query.limit = limit
                let page = try await store.requests(query)
                #expect(page.records.count == min(rows, limit))
                #expect(page.next.isEmpty == (rows <= limit))
            }
        }
    }

    @Test("each filter finds its rows")
    func filters() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let odd = try full(1)
                store.append(odd)
                var other = try served(2, by: "gamma", at: "elsewhere")
                other.status = 404
                store.append(other)
                func found(_ change: (inout RequestQuery) throws -> Void) async throws -> [String] {
                    var query = RequestQuery()
                    try change(&query)
                    return try await store.requests(query).records.map(\.id)
                }
                #expect(try await found { $0.key = try label("alpha") } == ["request-1"], "in any attempt")
                #expect(try await found { $0.key = try label("gamma") } == ["request-2"])
                #expect(try await found { $0.provider = try provider("elsewhere") } == ["request-2"])
                #expect(try await found { $0.client = try client("laptop") } == ["request-1"])
                #expect(try await found { $0.status = 404 } == ["request-2"])
                #expect(try await found { $0.errorClass = .providerProtocol } == ["request-1"])
                #expect(try await found { $0.since = other.receivedAt } == ["request-2"])
                #expect(try await found { $0.until = other.receivedAt } == ["request-1"])
                let neither = try await found {
                    $0.status = 404
                    $0.client = try client("laptop")
                }
                #expect(neither.isEmpty)
            }
        }
    }

    @Test("a cursor is good after a restart, and refused where it was not made (A-020)")
    func knowsItsCursors() async throws {
        try await TemporaryDirectory.with { directory in
            var query = RequestQuery()
            query.limit = 1
            query.cursor = try await withStore(in: directory) { store async throws in
                for number in 0..<3 { store.append(try served(number)) }
                return try await store.requests(query).next
            }
            try await withStore(in: directory) { store async throws in
                #expect(try await store.requests(query).records.map(\.id) == ["request-1"])
                let good = query.cursor
                let bad = [
                    "1", "x", String(good.dropLast()), good + "0", good.uppercased() + "!", "-" + good.dropFirst(),
                    String(good.dropLast(16)) + "0000000000000000", String(good.dropLast(16)) + "ffffffffffffffff",
                    String(good.dropLast(16)) + "+000000000000001",
                ]
                for cursor in bad {
                    query.cursor = cursor
                    let error = await #expect(throws: StateStoreError.self) { try await store.requests(query) }
                    #expect(error?.code == .invalidCursor, "\(cursor)")
                }
                query.cursor = good
            }
            try await TemporaryDirectory.with { elsewhere in
                try await withStore(in: elsewhere) { store async throws in
                    let error = await #expect(throws: StateStoreError.self) { try await store.requests(query) }
                    #expect(error?.code == .invalidCursor)
                }
            }
        }
    }

    @Test("a page of none or of more than 1,000 is refused (A-024)", arguments: [-1, 0, 1001])
    func refusesLimits(limit: Int) async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                var query = RequestQuery()
                query.limit = limit
                let error = await #expect(throws: StateStoreError.self) { try await store.requests(query) }
                #expect(error?.code == .invalidLimit)
            }
        }
    }
}
