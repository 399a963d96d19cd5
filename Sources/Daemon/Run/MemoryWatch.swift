import DBusControl
import Gateway
import Logging
import NIOPosix
import ProxyCore
import SystemSupport

/// Looks how short memory is, once a second while requests run or are refused for it, on a thread for files (L-009).
///
/// Without requests nobody looks, so that an idle daemon sleeps.
struct MemoryWatch: Sendable {
    let gateway: Gateway
    let reader: MemoryReader
    let threads: NIOThreadPool
    let hub: ControlHub
    let time: any TimeSource
    let job: SharedJobState
    let logger: Logger

    private static let interval = Duration.seconds(1)

    /// Works until the task is cancelled.
    func work() async throws {
        let sources = try await self.threads.runIfActive { self.reader.sources }
        guard !sources.isEmpty else {
            self.logger.info(
                "the kernel does not tell how short memory is, so nothing is refused for lack of it",
                metadata: ["event": "memory_unwatched"])
            // One that returned would be begun again.
            while true { try await Task.sleep(for: .seconds(86_400)) }
        }
        let pressure = self.gateway.pressure
        pressure.beginWatch(inFlight: self.gateway.requestsInFlight)
        for await _ in pressure.wishes {
            repeat {
                self.job.begin()
                let reading = try await self.threads.runIfActive { self.reader.read() }
                if self.gateway.noteMemory(reading, at: self.time.now()) { self.hub.statusChanged() }
                self.job.succeed()
                self.job.plan(after: Self.interval, every: Self.interval)
                try await Task.sleep(for: Self.interval)
            } while pressure.isWatchNeeded(inFlight: self.gateway.requestsInFlight)
            self.job.plan(after: nil, every: nil)
            pressure.rest()
        }
    }
}
