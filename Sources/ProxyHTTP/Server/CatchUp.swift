import NIOCore
import ProxyCore

/// How many requests may be under way, or about to come, while a server catches up with those that have waited for it.
///
/// Connections that are kept between two requests do not count: they ask for nothing, and those who have waited are behind them.
struct CatchUpPace: Sendable, Equatable {
    /// As many at the beginning.
    var first = 128
    /// So many more after each second: no more than run and wait by default at the end of it.
    var perSecond = 64
    /// How long it is caught up.
    var duration = Duration.seconds(10)

    /// How many there may be after a time; `nil` for any number.
    func limit(after time: Duration) -> Int? {
        time < self.duration ? self.first + self.perSecond * Int(time.components.seconds) : nil
    }
}

/// Takes the connections that have waited for this process in the kernel's queue a few at a time, as a handler of a
/// listener that was handed over.
///
/// While one process ends and the next one starts hundreds may come together. Taken all at once they would be more than may
/// run and wait, and be refused although each of them alone would have been served; the queue holds them a little longer.
final class CatchUp: ChannelOutboundHandler {
    typealias OutboundIn = any Channel

    /// So many are taken at a time meanwhile: what they add to the load is known only when their loops have them.
    private static let few = 4
    /// A connection that may not be taken yet is looked at again after so long.
    private static let pause = TimeAmount.milliseconds(5)

    private let pace: CatchUpPace
    private let most: Int
    private let load: @Sendable () -> Int
    private var begun: Instant?
    private var isWaiting = false
    private var taken: Int?

    /// Makes the handler of a listener that takes `most` connections at a time once it has caught up; `load` tells how many
    /// requests are under way or about to come, on all listeners of its server.
    init(_ pace: CatchUpPace, most: Int, load: @escaping @Sendable () -> Int) {
        self.pace = pace
        self.most = most
        self.load = load
    }

    func read(context: ChannelHandlerContext) {
        let now = DeadlineTimer.now(context.eventLoop)
        let begun = self.begun ?? now
        self.begun = begun
        let limit = self.pace.limit(after: now - begun)
        guard let limit, self.load() >= limit else {
            self.take(limit == nil ? self.most : Self.few, of: context.channel)
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

    private func take(_ count: Int, of channel: any Channel) {
        guard self.taken != count else { return }
        do {
            try channel.syncOptions?.setOption(.maxMessagesPerRead, value: UInt(count))
            self.taken = count
        } catch {
            // It is closing.
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
