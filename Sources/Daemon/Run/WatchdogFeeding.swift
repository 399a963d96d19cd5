import CurlClient
import DBusControl
import Logging
import NIOCore
import ServiceLifecycle
import StateStore
import SystemSupport

/// Feeds the watchdog of the service manager, where it has set one (T-018).
struct WatchdogFeeding: Service {
    /// What the service manager has set; `nil` for no watchdog.
    let interval: Duration?
    let loops: any EventLoopGroup
    let client: CurlClient
    let store: StateStore
    let hub: ControlHub
    let notifier: ServiceNotifier
    let logger: Logger

    /// A disk may take long over one write, and a daemon that is started anew gets no faster one: requests are served on
    /// meanwhile.
    private static let writerLimit = Duration.seconds(600)

    func run() async throws {
        let feeder = self.interval.flatMap { self.feeder(every: $0) }
        if self.interval != nil, feeder?.start() != true {
            self.logger.error(
                "the watchdog of the service manager cannot be fed: the system refuses a thread or descriptor",
                metadata: ["event": "watchdog_unfed"])
        }
        await toldToEnd()
        feeder?.stop()
    }

    private func feeder(every interval: Duration) -> WatchdogFeeder? {
        WatchdogFeeder(
            interval: interval, parts: self.parts,
            feed: { [notifier, logger] in
                do throws(NotificationFailure) {
                    try notifier.send(.alive)
                } catch {
                    logger.warning(
                        "service manager not told",
                        metadata: ["event": "notify_failed", "errno": "\(error.errorNumber)"])
                }
            },
            report: { [logger] part in
                logger.critical(
                    "a part of the daemon hangs: the service manager is not told any more that all is well",
                    metadata: ["event": "watchdog_withheld", "part": "\(part)"])
            })
    }

    private var parts: [WatchdogFeeder.Part] {
        let loops = self.loops.makeIterator().enumerated().map { index, loop in
            WatchdogFeeder.Part(name: "event loop \(index)") { sign in loop.execute { sign() } }
        }
        return loops + [
            WatchdogFeeder.Part(name: "curl poller") { [client] sign in client.giveSign(sign) },
            WatchdogFeeder.Part(name: "bus") { [hub] sign in
                // Without a bus there is nothing that could hang.
                if let service = hub.service { service.giveSign(sign) } else { sign() }
            },
            WatchdogFeeder.Part(name: "store writer", limit: Self.writerLimit) { [store] sign in store.giveSign(sign) },
        ]
    }
}
