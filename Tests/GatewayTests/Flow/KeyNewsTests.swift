import Glibc
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Who hears of keys, in which order, and when.
@Suite(.timeLimit(.minutes(5)))
struct KeyNewsTests {
    /// Keeps what a store would: the memory as it was asked for at the last move.
    private final class Keeper: GatewayObserver {
        private struct State {
            var gateway: Gateway?
            var memory = DispatchMemory()
            var transitions: [KeyTransition] = []
            var isInside = false
            var wasCrowded = false
        }

        private let state = Mutex(State())

        func watch(_ gateway: Gateway?) { self.state.withLock { $0.gateway = gateway } }
        var memory: DispatchMemory { self.state.withLock { $0.memory } }
        /// Whether two threads told something at a time.
        var wasCrowded: Bool { self.state.withLock { $0.wasCrowded } }
        var transitions: [KeyTransition] { self.state.withLock { $0.transitions } }

        func requestFinished(_ record: RequestRecord) {}

        func keyChanged(_ transition: KeyTransition) {
            self.enter()
            // Somebody else may come in between, if anybody may.
            sched_yield()
            self.state.withLock { $0.transitions.append(transition) }
            self.leave()
        }

        private func enter() {
            self.state.withLock { state in
                state.wasCrowded = state.wasCrowded || state.isInside
                state.isInside = true
            }
        }

        private func leave() { self.state.withLock { $0.isInside = false } }

        func providerChanged(_ provider: ProviderName) {}

        func warned(_ code: String, _ message: String) {}

        func memoryMoved() {
            guard let gateway = self.state.withLock({ $0.gateway }) else { return }
            self.enter()
            let memory = gateway.memory()
            sched_yield()
            self.state.withLock { $0.memory = memory }
            self.leave()
        }
    }

    @Test(
        "from many threads changes of a key are told in their order, and no older memory replaces a newer one (K-013)")
    func order() async throws {
        let keeper = Keeper()
        let gateway = try GatewayFixture(observer: keeper).gateway
        keeper.watch(gateway)
        let alpha = try #require(KeyLabel("alpha"))
        let kimi = try #require(ProviderName("kimi"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for round in 0..<1_000 {
                        if thread.isMultiple(of: 2) {
                            let now = Moment(
                                instant: Instant(nanoseconds: 1_000_000_000_000 + Int64(round)),
                                wallTime: WallTime(microseconds: 1_790_000_000_000_000 + Int64(round)))
                            var plan = RequestPlan(
                                candidates: [DispatchCandidate(provider: kimi, model: nil)], pinned: alpha,
                                maxAttempts: 1, deadline: Instant(nanoseconds: .max))
                            let (_, hasNews) = gateway.dispatcher.step { dispatcher in
                                guard case .attempt = dispatcher.begin(&plan, at: now) else { return }
                                let end = AttemptEnd(errorClass: .providerRateLimited, blame: .key, status: 429)
                                _ = dispatcher.failed(end, of: &plan, at: now)
                                dispatcher.close(&plan, at: now)
                            }
                            if hasNews { gateway.tellNews() }
                        } else {
                            gateway.resetKey(alpha)
                        }
                        _ = try gateway.rotate(to: nil, of: kimi)
                    }
                }
            }
            try await group.waitForAll()
        }
        let told = keeper.transitions
        #expect(told.count > 1)
        #expect(zip(told, told.dropFirst()).allSatisfy { $0.new == $1.old })
        #expect(keeper.memory == gateway.memory())
        #expect(!keeper.wasCrowded)
        keeper.watch(nil)
    }

    @Test("a timer that was stopped tells nothing any more")
    func stoppedTimer() throws {
        let fixture = try GatewayFixture()
        let timer = KeyRecoveryTimer(gateway: fixture.gateway, eventLoop: fixture.loop)
        timer.start()
        _ = fixture.post()
        try fixture.transfer(0).answer(429, ["Content-Type": "application/json", "Retry-After": "2"])
        try fixture.transfer(1).answer(200)
        fixture.run()
        timer.end()
        fixture.advance(by: .seconds(10))
        #expect(fixture.observer.transitions.map(\.new) == [.cooling])
    }

    @Test("a rest that ended while the machine slept is told of within a minute after")
    func tellsAfterSuspend() throws {
        let fixture = try GatewayFixture()
        let timer = KeyRecoveryTimer(gateway: fixture.gateway, eventLoop: fixture.loop)
        timer.start()
        _ = fixture.post()
        try fixture.transfer(0).answer(429, ["Content-Type": "application/json", "Retry-After": "3600"])
        try fixture.transfer(1).answer(200)
        fixture.run()
        // The machine sleeps: the loop's clock stands still.
        fixture.clock.advance(by: .seconds(7_200))
        fixture.advance(by: .seconds(61))
        #expect(fixture.observer.transitions.map(\.new) == [.cooling, .usable])
        timer.end()
    }
}
