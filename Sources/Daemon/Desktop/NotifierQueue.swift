import Synchronization

/// What the notifier still has to take in, in its order: a pure value that loses nothing which it waits for, however much
/// else comes.
///
/// Every input but what the server tells of messages is there once at most. Of those, which every program on the bus may
/// cause, there is a bound: the oldest give way.
struct NotifierQueue: Sendable {
    enum Input: Sendable, Equatable {
        /// Something may be different: look how things are.
        case look
        /// What the server has told, or what has become of a wish.
        case event(NotificationPlanner.Event)
        /// The connection is over, or good for nothing.
        case end
    }

    /// So many words about messages are kept.
    static let mostMessages = 256

    private var waiting: [Input] = []
    private var isOver = false

    /// Puts something at the end; `false` if it is there already, or nothing more is taken in.
    mutating func put(_ input: Input) -> Bool {
        guard !self.isOver else { return false }
        switch input {
        case .end:
            // What was to be done over the connection cannot be done any more.
            (self.isOver, self.waiting) = (true, [])
        case .event(.serverWent):
            // Of its messages nothing is left, and who came before has gone.
            self.waiting.removeAll { $0.isAboutMessage || $0 == .event(.serverCame) }
        default: break
        }
        guard !self.waiting.contains(input) else { return false }
        if input.isAboutMessage, self.waiting.count(where: \.isAboutMessage) >= Self.mostMessages,
            let oldest = self.waiting.firstIndex(where: \.isAboutMessage)
        {
            self.waiting.remove(at: oldest)
        }
        self.waiting.append(input)
        return true
    }

    /// Takes out what has waited longest; `nil` for nothing.
    mutating func next() -> Input? { self.waiting.isEmpty ? nil : self.waiting.removeFirst() }
}

extension NotifierQueue.Input {
    /// Whether the server has told it of a message, be it ours or another program's.
    fileprivate var isAboutMessage: Bool {
        switch self {
        case .event(.closed), .event(.chosen): true
        case .look, .event, .end: false
        }
    }
}

/// A ``NotifierQueue`` that several put something into and one takes out of.
final class NotifierInbox: Sendable {
    private let queue = Mutex(NotifierQueue())
    private let bell: AsyncStream<Void>.Continuation
    /// An element when there is something in it; for one listener.
    let bells: AsyncStream<Void>

    init() {
        (self.bells, self.bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Puts something in; never waits.
    func put(_ input: NotifierQueue.Input) {
        if self.queue.withLock({ $0.put(input) }) { self.bell.yield() }
    }

    /// Takes out what has waited longest; `nil` for nothing.
    func next() -> NotifierQueue.Input? { self.queue.withLock { $0.next() } }

    /// Nobody takes anything out any more.
    func finish() { self.bell.finish() }
}
