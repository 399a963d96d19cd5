import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct BodyTests {
    @Test("bodies come back with their request, not with a page")
    func keepsBodies() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let record = try captured(1)
                store.append(record)
                store.append(try served(2))
                #expect(try await store.request(id: "request-1") == record)
                #expect(try await store.request(id: "request-2")?.bodies == nil)
                #expect(try await store.requests(RequestQuery()).records == [try served(2), try served(1)])
                #expect(store.statistics.writes[.bodies] == 1)
                // Longer ones than there may be are cut.
                store.append(try captured(3, bytes: CapturedBodies.limit + 1))
                let cut = try await store.request(id: "request-3")?.bodies
                #expect(cut?.answer.count == CapturedBodies.limit)
                #expect(cut?.isAnswerCut == true)
            }
        }
    }

    @Test("only so many bytes of bodies wait for the disk; the requests are kept all the same (K-034)")
    func boundsBodies() throws {
        let now = Instant(nanoseconds: 0)
        var work = PendingWork(rowLimit: 1_000)
        func append(_ count: Int) throws {
            for number in 0..<count {
                let lost = work.append(try captured(number, bytes: 64 << 10), now: now)
                #expect(lost == 0)
            }
        }
        func size(_ batch: Batch) -> Int { batch.rows.reduce(0) { $0 + ($1.bodies?.size ?? 0) } }
        try append(200)
        #expect(work.lostBodies == 72)
        let batch = work.take()
        #expect(batch.rows.count == 200)
        #expect(size(batch) == PendingWork.bodyLimit)
        try append(1)
        #expect(work.lostBodies == 73, "those under way count")
        _ = work.putBack(batch, now: now)
        try append(1)
        #expect(work.lostBodies == 74)
        let again = work.take()
        #expect(size(again) == PendingWork.bodyLimit)
        work.finish()
        try append(1)
        #expect(work.lostBodies == 74)
    }
}
