import DBusControl
import Gateway
import Logging
import NIOPosix
import ProxyCore
import ServiceLifecycle
import SystemSupport

/// Looks how short memory is, once a second while requests run or are refused for it, on a thread for files (L-009).
///
/// Without requests nobody looks, so that an idle daemon sleeps.
struct MemoryWatch: Service {
    let gateway: Gateway
    let reader: MemoryReader
    let threads: NIOThreadPool
    let hub: ControlHub
    let time: any TimeSource
    let logger: Logger

    private static let interval = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                try await self.work()
            } catch {
                // Cancelled, or the threads have ended: so has the daemon.
            }
        }
        // What the service group takes for a failure is one that returns before it was told to.
        await toldToEnd()
    }

    private func work() async throws {
        let sources = try await self.threads.runIfActive { self.reader.sources }
        guard !sources.isEmpty else {
            return self.logger.info(
                "the kernel does not tell how short memory is, so nothing is refused for lack of it",
                metadata: ["event": "memory_unwatched"])
        }
        let pressure = self.gateway.pressure
        for await _ in pressure.wishes {
            repeat {
                let reading = try await self.threads.runIfActive { self.reader.read() }
                if self.gateway.noteMemory(reading, at: self.time.now()) { self.hub.service?.statusChanged() }
                try await Task.sleep(for: Self.interval)
            } while pressure.isWatchNeeded(inFlight: self.gateway.requestsInFlight)
            pressure.rest()
        }
    }
}
