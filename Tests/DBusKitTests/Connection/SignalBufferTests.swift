import Testing

@testable import DBusKit

struct SignalBufferTests {
    @Test("drops the oldest and tells the next one", arguments: [(1, 5), (3, 5), (4, 1_000), (5, 5), (8, 5)])
    func dropsOldest(capacity: Int, count: Int) {
        var queue = SignalQueue(capacity: capacity)
        for number in 0..<count { queue.append(Self.signal(number)) }
        let kept = min(capacity, count)
        #expect(queue.count == kept)
        var taken: [BusSignal] = []
        while let signal = queue.takeFirst() { taken.append(signal) }
        #expect(taken.map(\.arguments) == (count - kept..<count).map { [.uint32(UInt32($0))] })
        #expect(taken.map(\.missed) == [count - kept] + [Int](repeating: 0, count: kept - 1))
    }

    @Test func tellsOfSignalsThatCouldNotBeRead() {
        var queue = SignalQueue(capacity: 2)
        queue.append(Self.signal(0))
        queue.miss()
        queue.miss()
        queue.append(Self.signal(1))
        queue.append(Self.signal(2))
        #expect(queue.takeFirst()?.missed == 3)
        #expect(queue.takeFirst()?.missed == 0)
        queue.miss()
        #expect(queue.marked(Self.signal(3)).missed == 1)
        #expect(queue.marked(Self.signal(4)).missed == 0)
    }

    @Test(.timeLimit(.minutes(5))) func handsSignalsToWhoeverWaits() async {
        let buffer = SignalBuffer(capacity: 4)
        async let first = buffer.next()
        async let second = buffer.next()
        buffer.add(Self.signal(1))
        buffer.add(Self.signal(2))
        let numbers = await [first, second].compactMap { $0?.arguments.first?.asUInt32 }
        #expect(Set(numbers) == [1, 2])
    }

    @Test(.timeLimit(.minutes(5))) func letsWhatIsThereBeTakenAfterTheEnd() async {
        let buffer = SignalBuffer(capacity: 4)
        buffer.add(Self.signal(1))
        buffer.finish(discarding: false)
        buffer.add(Self.signal(2))
        #expect(await buffer.next()?.arguments == [.uint32(1)])
        #expect(await buffer.next() == nil)
    }

    @Test(.timeLimit(.minutes(5))) func endsTheWaitOfACancelledTask() async {
        let buffer = SignalBuffer(capacity: 4)
        let task = Task { await buffer.next() }
        task.cancel()
        #expect(await task.value == nil)
    }

    private static func signal(_ number: Int) -> BusSignal {
        BusSignal(
            sender: nil,
            path: "/a",
            interface: "org.example.I",
            member: "M",
            arguments: [.uint32(UInt32(number))]
        )
    }
}
