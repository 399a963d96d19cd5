import Testing

@testable import ProxyCore

/// What holds after every step.
extension KeyPoolWalk {
    /// No key is above its limits, no deadline got shorter but by the provider's word, and everything was told.
    mutating func checkStanding() throws {
        let pending = self.pool.nextDeadline.map { $0 <= self.now } ?? false
        for (key, snapshot) in zip(self.keys, self.pool.snapshots(at: self.now)) {
            #expect(snapshot.inFlight == self.running.count { $0.grant.label == snapshot.label })
            #expect(snapshot.inFlight <= key.inFlight ?? .max)
            #expect((snapshot.state == .usable) == (snapshot.usableAt == nil))
            if let usableAt = snapshot.usableAt {
                #expect(usableAt > self.now)
                #expect(usableAt - self.now <= .seconds(35 * 86_400))
            }
            if let former = self.deadlines[snapshot.label], former > self.now {
                #expect(try #require(snapshot.usableAt) >= former)
            }
            self.deadlines[snapshot.label] = snapshot.isCheckDue ? nil : snapshot.usableAt
            if !pending { #expect(self.believed["\(snapshot.label) ", default: .usable] == snapshot.state) }
        }
    }

    /// What is certain without a look at every key is what a look at every key decides.
    mutating func checkDecision(_ demand: KeyDemand) {
        var quick = self.pool.turns[demand.provider] ?? KeyPool.Turn()
        var thorough = quick
        guard let decision = self.pool.decideAtOnce(demand, &quick, at: self.now) else { return }
        let expected = self.pool.decideAmongAll(demand, &thorough, at: self.now)
        #expect(decision.index == expected.index)
        #expect(decision.selection == expected.selection)
        #expect(quick.isSame(as: thorough))
        self.certain += 1
    }

    /// No state is without an end, whoever sleeps until the next deadline misses none, and due checks are announced.
    func checkFuture() throws {
        var pool = self.pool
        var future = self
        future.listen(pool.expire(at: self.now))
        let due = pool.checksDue(at: self.now, atMost: 99)
        if let next = pool.nextCheck {
            #expect(due.isEmpty || next <= self.now)
        } else {
            #expect(due.isEmpty)
        }
        var rounds = 0
        while let next = pool.nextDeadline, rounds < 1000 {
            #expect(pool.expire(at: Instant(nanoseconds: next.nanoseconds - 1)).isEmpty)
            let told = pool.expire(at: next)
            #expect(!told.isEmpty)
            future.listen(told)
            rounds += 1
        }
        let end = self.now + .seconds(36 * 86_400)
        #expect(pool.snapshots(at: end).allSatisfy { $0.state == .usable && $0.modelStates.isEmpty })
        #expect(future.believed.values.allSatisfy { $0 == .usable })
    }

    /// A restart on another clock changes nothing that can be seen.
    mutating func checkRestart() throws {
        let wallTime = self.moment.wallTime
        // Deadlines that are times of day are counted by the clock as it is.
        _ = self.pool.noteClock(at: self.moment)
        let memory = self.pool.memory(at: self.now, wallTime: wallTime)
        let other = Instant(nanoseconds: Int64.random(in: 0..<1_000_000_000_000, using: &self.generator))
        var next = KeyPool(keys: self.keys, policy: self.policy)
        next.restore(memory, at: other, wallTime: wallTime)
        for (before, after) in zip(self.pool.snapshots(at: self.now), next.snapshots(at: other)) {
            #expect(before.state == after.state)
            #expect(before.reason == after.reason)
            #expect(before.modelStates.map(\.state) == after.modelStates.map(\.state))
            #expect(before.isOnTrial == after.isOnTrial)
            #expect(before.isCheckDue == after.isCheckDue)
            // What starts anew within minutes is not remembered.
            let soon = self.moment.wallTime + .seconds(600)
            let lasting = before.windows.filter { window in
                window.source == .panel || window.resetsAt.map { $0 > soon } ?? false
            }
            #expect(lasting == after.windows)
            if lasting == before.windows { #expect(before.remainingShare == after.remainingShare) }
            guard let left = before.usableAt, let right = after.usableAt else { continue }
            // Times of day drift by at most the second below which a clock step is none.
            let drift = (right - other) - (left - self.now)
            #expect(drift < .seconds(2) && drift > .seconds(-2))
        }
        #expect(
            self.pool.isLimitedAsAWhole(self.kimi, at: self.now) == next.isLimitedAsAWhole(self.kimi, at: other))
        let again = next.memory(at: other, wallTime: wallTime)
        #expect(again.windows == memory.windows)
        #expect(again.wholeLimits == memory.wholeLimits)
        #expect(again.conditions.map(\.step) == memory.conditions.map(\.step))
        #expect(again.conditions.map(\.dailyQuota) == memory.conditions.map(\.dailyQuota))
        #expect(again.conditions.map(\.isGuess) == memory.conditions.map(\.isGuess))
        #expect(again.conditions.map(\.lastCheck) == memory.conditions.map(\.lastCheck))
    }
}
