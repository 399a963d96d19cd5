import Logging
import ProxyCore
import ServiceLifecycle
import StateStore

/// Copies the database every so often, as long as the daemon runs.
///
/// The store tells of each copy and of each failure by itself.
struct Backups: Service {
    let store: StateStore
    /// How often; `nil` or zero never (`storage.backup`).
    let interval: Duration?
    /// How many of these copies are kept (`storage.backups_kept`).
    let count: Int
    let time: any TimeSource

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.work()
        }
    }

    private func work() async {
        guard let interval = self.interval, interval > .zero else {
            // A service that returned would end the daemon.
            while !Task.isCancelled { await Self.sleep(.seconds(86_400)) }
            return
        }
        var schedule = BackupSchedule(every: interval)
        while !Task.isCancelled {
            let now = self.time.wallTime()
            do throws(StateStoreError) {
                let wait = schedule.wait(newest: try await self.store.newestBackup(before: now), now: now)
                guard wait == .zero else {
                    await Self.sleep(wait)
                    continue
                }
                _ = try await self.store.backUp(keeping: self.count)
                schedule.succeeded()
            } catch {
                // Counted and told of by the store.
                schedule.failed(at: self.time.wallTime())
                await Self.sleep(.seconds(60))
            }
        }
    }

    /// Waits; the end of the daemon ends the wait.
    private static func sleep(_ duration: Duration) async {
        do {
            try await Task.sleep(for: duration)
        } catch {
            // Cancelled: the caller looks.
        }
    }
}
