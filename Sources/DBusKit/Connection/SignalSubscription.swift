/// The signals that a rule asks for, as they come.
///
/// Each goes to one taker. Signals that nobody takes are kept up to the capacity; beyond it the oldest are dropped,
/// which the next one tells (``BusSignal/missed``). The sequence ends with the connection, by ``cancel()``, when the
/// task that waits for a signal is cancelled, and when nothing refers to it any more; the bus then sends no more of
/// them. It does not keep the connection alive.
public final class SignalSubscription: AsyncSequence, Sendable {
    /// A signal.
    public typealias Element = BusSignal
    /// It never fails.
    public typealias Failure = Never

    /// Takes signals, and keeps the subscription alive.
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// The subscription.
        fileprivate let subscription: SignalSubscription

        /// The next signal; `nil` after the end.
        public mutating func next() async -> BusSignal? { await self.subscription.next() }

        /// The next signal; `nil` after the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> BusSignal? {
            await self.subscription.next()
        }
    }

    private let buffer: SignalBuffer
    private let mailbox: ConnectionMailbox

    init(_ buffer: SignalBuffer, mailbox: ConnectionMailbox) {
        self.buffer = buffer
        self.mailbox = mailbox
    }

    deinit {
        self.cancel()
    }

    /// Makes an iterator.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription: self) }

    /// Ends the sequence; signals that have not been taken are dropped.
    public func cancel() {
        self.buffer.finish(discarding: true)
        self.mailbox.post(.unsubscribe(self.buffer))
    }

    private func next() async -> BusSignal? {
        let signal = await self.buffer.next()
        if signal == nil { self.cancel() }
        return signal
    }
}
