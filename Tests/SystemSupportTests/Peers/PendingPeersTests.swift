import ProxyCore
import Testing

@testable import SystemSupport

@Suite("Connections that wait to be looked at")
struct PendingPeersTests {
    private let peer = PendingPeer(
        ends: .unix(userID: 0, processID: 0), observation: PeerObservation(), seenAtTicks: 0)

    @Test("keeps no more than it may")
    func isBounded() {
        var pending = PendingPeers()
        for _ in 0..<PendingPeers.maximum + 10 { _ = pending.add(self.peer) }
        #expect(pending.count == PendingPeers.maximum)
        let taken = pending.take()
        #expect(taken.count == PendingPeers.maximum)
        #expect(pending.count == 0)
    }

    @Test("has one round scheduled at a time, and another one for what came in between")
    func schedules() {
        var pending = PendingPeers()
        let added = [pending.add(self.peer), pending.add(self.peer)]
        #expect(added == [true, false])
        let first = pending.take()
        #expect(first.count == 2)
        let inBetween = pending.add(self.peer)
        #expect(!inBetween)
        let goesOn = pending.ended()
        #expect(goesOn)
        let second = pending.take()
        #expect(second.count == 1)
        let ended = !pending.ended()
        #expect(ended)
        let again = pending.add(self.peer)
        #expect(again)
    }
}
