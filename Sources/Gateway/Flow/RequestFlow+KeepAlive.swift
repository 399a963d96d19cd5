import NIOCore
import ProxyCore

/// When a caller whose stream is quiet last heard something.
struct KeepAlive {
    private(set) var timer: Scheduled<Void>?
    private(set) var lastPassed = NIODeadline.uptimeNanoseconds(0)

    /// Bytes were passed on.
    mutating func passed(at now: NIODeadline) { self.lastPassed = now }

    /// The next look has been planned.
    mutating func planned(_ timer: Scheduled<Void>) { self.timer = timer }

    /// No more of it.
    mutating func end() {
        self.timer?.cancel()
        self.timer = nil
    }
}

/// Keeps the connection of a caller alive whose stream is quiet (`usage.keepalive`).
extension RequestFlow {
    /// Begins when a stream has been committed; does nothing unless it is asked for.
    func keepCallerAlive() {
        guard self.snapshot.configuration.usage.keepalive != nil else { return }
        self.keepAlive.passed(at: self.exchange.eventLoop.now)
        self.planKeepAlive()
    }

    private func planKeepAlive() {
        guard let interval = self.snapshot.configuration.usage.keepalive else { return }
        let due = self.keepAlive.lastPassed + TimeAmount(interval)
        self.keepAlive.planned(
            self.exchange.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.keepAliveIsDue(interval) })
    }

    private func keepAliveIsDue(_ interval: Duration) {
        guard case .answering = self.phase, let running, !running.attempt.isOver, !running.attempt.hasEnded else {
            return
        }
        let now = self.exchange.eventLoop.now
        if now - self.keepAlive.lastPassed >= TimeAmount(interval) {
            // Within an event nothing may be put in, and who does not read needs no sign of life.
            if running.attempt.isBetweenEvents, self.exchange.isWritable {
                self.exchange.write(Self.keepAliveEvent(in: self.dialect))
            }
            self.keepAlive.passed(at: now)
        }
        self.planKeepAlive()
    }

    /// A ping as Anthropic's own streams have it, a comment elsewhere (provider facts, section 13).
    static func keepAliveEvent(in dialect: Dialect) -> ByteBuffer {
        ByteBuffer(
            string: dialect.usesAnthropicEnvelope
                ? "event: ping\ndata: {\"type\": \"ping\"}\n\n" : ": keep-alive\n\n")
    }
}
