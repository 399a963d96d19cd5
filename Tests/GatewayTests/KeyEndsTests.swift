import ProxyCore
import Synchronization
import Testing

@testable import Gateway

@Suite("Waiting for the last request of a key", .timeLimit(.minutes(5)))
struct KeyEndsTests {
    /// How many have begun to wait.
    private final class Begun: Sendable {
        private let count = Mutex(0)

        func add() -> Int {
            self.count.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test("everybody who waits for a key hears of its end, and nobody else")
    func tellsAll() async throws {
        let (alpha, beta) = (try #require(KeyLabel("alpha")), try #require(KeyLabel("beta")))
        let ends = KeyEnds()
        let begun = Begun()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    await ends.wait(for: alpha, within: .seconds(60)) {
                        // The last one ends the wait of all.
                        guard begun.add() == 3 else { return }
                        ends.tell(beta)
                        ends.tell(alpha)
                    }
                }
            }
            for await hasEnded in group { #expect(hasEnded) }
        }
    }

    @Test("who has waited long enough goes on; who begins anew waits anew", arguments: [0, 1])
    func givesUp(milliseconds: Int) async throws {
        let alpha = try #require(KeyLabel("alpha"))
        let ends = KeyEnds()
        #expect(await !ends.wait(for: alpha, within: .milliseconds(milliseconds)) {})
        ends.tell(alpha)
        #expect(await ends.wait(for: alpha, within: .seconds(60)) { ends.tell(alpha) })
    }
}
