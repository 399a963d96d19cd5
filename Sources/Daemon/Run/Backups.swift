import Gateway
import ProxyCore
import StateStore

/// Copies the database every so often, as long as the daemon runs.
///
/// The store tells of each copy and of each failure by itself.
struct Backups: Sendable {
    let store: StateStore
    /// How often; `nil` or zero never (`storage.backup`).
    let interval: Duration?
    /// How many of these copies are kept (`storage.backups_kept`).
    let count: Int
    let time: any TimeSource
    let job: SharedJobState

    /// Works until the task is cancelled.
    func work() async {
        guard let interval = self.interval, interval > .zero else {
            await self.rest()
            return
        }
        var schedule = BackupSchedule(every: interval)
        while !Task.isCancelled {
            // The store has told of damage, which only another start can mend: no failures are to be told beside it.
            guard self.store.statistics.damage == nil else {
                self.job.plan(after: nil, every: nil)
                await self.rest()
                return
            }
            let now = self.time.wallTime()
            do throws(StateStoreError) {
                let newest = try await self.store.newestBackup(before: now)
                let wait = schedule.wait(newest: newest, now: now)
                guard wait == .zero else {
                    self.job.plan(after: schedule.due(newest: newest, now: now) - now, every: interval)
                    await Self.sleep(wait)
                    continue
                }
                self.job.begin()
                _ = try await self.store.backUp(keeping: self.count)
                schedule.succeeded()
                self.job.succeed()
            } catch {
                // An end of the daemon is no failure; others are counted and told of by the store as well.
                guard !Task.isCancelled else { return }
                schedule.failed(at: self.time.wallTime())
                self.job.fail(error.message)
                guard self.store.statistics.damage == nil else { continue }
                self.job.plan(after: schedule.pause, every: interval)
                await Self.sleep(schedule.pause)
            }
        }
    }

    /// Makes no copy until the task is cancelled: work that returned would be begun again.
    private func rest() async {
        while !Task.isCancelled { await Self.sleep(.seconds(86_400)) }
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
