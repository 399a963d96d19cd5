import NIOCore
import ProxyCore

/// Takes the connections that have waited for this process in the kernel's queue a few at a time, as a handler of a
/// listener that was handed over.
///
/// While one process ends and the next one starts hundreds may come together. Taken all at once they would be more than may
/// run and wait, and be refused although each of them alone would have been served; the queue holds them a little longer.
final class CatchUp: ChannelOutboundHandler {
    typealias OutboundIn = any Channel

    /// How long a listener catches up.
    static let duration = Duration.seconds(10)
    /// As many connections may be open at the beginning.
    private static let first: Int64 = 128
    /// So many more may be after each second: no more than run and wait by default at the end of it.
    private static let perSecond: Int64 = 64
    /// A connection that may not be taken yet is looked at again after so long.
    private static let pause = TimeAmount.milliseconds(5)

    private let openConnections: @Sendable () -> Int
    private var begun: Instant?
    private var isWaiting = false

    /// Makes the handler of a listener whose server has so many open connections.
    init(openConnections: @escaping @Sendable () -> Int) {
        self.openConnections = openConnections
    }

    /// How many connections may be open after a time; `nil` for any number.
    static func limit(after time: Duration) -> Int? {
        time < self.duration ? Int(self.first + self.perSecond * time.components.seconds) : nil
    }

    func read(context: ChannelHandlerContext) {
        let now = DeadlineTimer.now(context.eventLoop)
        let begun = self.begun ?? now
        self.begun = begun
        guard let limit = Self.limit(after: now - begun), self.openConnections() >= limit else {
            return context.read()
        }
        guard !self.isWaiting else { return }
        self.isWaiting = true
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isWaiting = false
            // A listener that has been told to accept no more must not be woken.
            if context.channel.isActive, Self.accepts(context.channel) { self.read(context: context) }
        }
    }

    private static func accepts(_ channel: any Channel) -> Bool {
        do {
            return try channel.syncOptions?.getOption(.autoRead) ?? false
        } catch {
            // It is closing.
            return false
        }
    }
}
