import ProxyCore

/// What is going to happen in a fleet, in the order of time; of the same time, in the order in which it was planned.
struct FleetQueue {
    /// Something that happens.
    enum Event {
        /// A caller sends its next request.
        case send(caller: Int)
        /// A caller that was told to wait goes on.
        case resume(caller: Int)
        /// A provider's answer begins.
        case answered(caller: Int)
        /// An attempt is over.
        case ended(caller: Int)
        /// A caller gives up before there is an answer.
        case left(caller: Int)
        /// The daemon looks what is due.
        case daemon
        /// What the daemon asked a provider about a key was answered.
        case checked(key: Int, begun: Int64)
        /// The time of day steps.
        case clock(skew: Int64)
        /// The daemon is started anew, with the machine or without.
        case restart(isReboot: Bool)
        /// Many callers come at once.
        case herd(callers: Int)
        /// A key has to take part again by now.
        case recovered(key: Int, model: Int?)
        /// A window of a plan that a provider named has begun anew.
        case windowBegun(key: Int, reset: Int64)
    }

    struct Entry {
        let time: Int64
        let number: UInt64
        /// What it belongs to: it does not happen if that is over.
        let serial: UInt64
        let event: Event
    }

    private var heap: [Entry] = []
    private var lastNumber: UInt64 = 0

    mutating func plan(_ event: Event, at time: Int64, serial: UInt64 = 0) {
        self.lastNumber += 1
        self.heap.append(Entry(time: time, number: self.lastNumber, serial: serial, event: event))
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.isBefore(child, parent) else { break }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> Entry? {
        guard let first = self.heap.first, let last = self.heap.popLast() else { return nil }
        guard !self.heap.isEmpty else { return first }
        self.heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < self.heap.count {
                if self.isBefore(child, least) { least = child }
            }
            guard least != parent else { return first }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        let (one, other) = (self.heap[left].time, self.heap[right].time)
        return one != other ? one < other : self.heap[left].number < self.heap[right].number
    }
}

/// Lengths of time in microseconds, which the fleet counts in.
enum FleetTime {
    static let second: Int64 = 1_000_000
    static let minute: Int64 = 60 * second
    static let hour: Int64 = 60 * minute
    static let day: Int64 = 24 * hour
    static let week: Int64 = 7 * day

    /// 2026-01-05T00:00:00Z, when every fleet begins.
    static let epoch: Int64 = 1_767_571_200 * second
}

extension SeededGenerator {
    /// A random time, so long on average, now and then much longer (a Lomax distribution of shape 2).
    mutating func pause(mean: Int64) -> Int64 {
        let share = Double.random(in: 0.000_1..<1, using: &self)
        return Int64(Double(mean) * (1 / share.squareRoot() - 1)).clamped(to: 1...mean * 20)
    }

    /// Whether something happens that happens so often.
    mutating func happens(_ share: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < share
    }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
