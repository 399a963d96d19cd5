import ProxyCore
import Testing

@testable import Daemon

@Suite("What waits for the notifier")
struct NotifierQueueTests {
    /// Takes everything out.
    private static func drain(_ queue: inout NotifierQueue) -> [NotifierQueue.Input] {
        var inputs: [NotifierQueue.Input] = []
        while let input = queue.next() { inputs.append(input) }
        return inputs
    }

    @Test("a wish to look, and the end of a check, survive any number of signals, and can be wished again")
    func losesNoWish() {
        var queue = NotifierQueue()
        for round in 0..<3 {
            let isNew = queue.put(.look)
            let isRepeated = queue.put(.look)
            #expect(isNew && !isRepeated)
            _ = queue.put(.event(.checked))
            for id: UInt32 in 0..<1_000 { _ = queue.put(.event(.closed(id: id))) }
            let inputs = Self.drain(&queue)
            #expect(inputs.prefix(2) == [.look, .event(.checked)], "\(round)")
            #expect(inputs.count == 2 + NotifierQueue.mostMessages)
            #expect(inputs.last == .event(.closed(id: 999)))
        }
    }

    @Test("what was told of messages of a server that has gone is forgotten, and that another one came is not")
    func followsServers() {
        var queue = NotifierQueue()
        _ = queue.put(.event(.serverCame))
        _ = queue.put(.event(.closed(id: 1)))
        _ = queue.put(.look)
        _ = queue.put(.event(.serverWent))
        _ = queue.put(.event(.serverCame))
        _ = queue.put(.event(.chosen(id: 1, "mute")))
        #expect(
            Self.drain(&queue) == [
                .look, .event(.serverWent), .event(.serverCame), .event(.chosen(id: 1, "mute")),
            ])
        for _ in 0..<1_000 {
            _ = queue.put(.event(.serverWent))
            _ = queue.put(.event(.serverCame))
        }
        #expect(Self.drain(&queue) == [.event(.serverWent), .event(.serverCame)])
    }

    @Test("behind the end nothing comes any more, and it waits for nothing")
    func ends() {
        var queue = NotifierQueue()
        _ = queue.put(.event(.serverCame))
        let isTaken = queue.put(.end)
        let isLate = queue.put(.look)
        #expect(isTaken && !isLate)
        #expect(Self.drain(&queue) == [.end])
    }
}
