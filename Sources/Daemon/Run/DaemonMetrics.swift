import Gateway
import Metrics
import ProxyCore
import ProxyHTTP
import StateStore
import Synchronization

/// What is counted elsewhere and shown when `/metrics` is read.
enum DaemonMetrics {
    /// Registers the collectors.
    static func register(_ metrics: ProxyMetrics, control: DaemonControl) {
        let (gateway, listeners, store) = (control.gateway, control.listeners, control.store)
        metrics.setBuild(
            version: Version.text, commit: Version.commit.isEmpty ? "unknown" : Version.commit, swift: Version.swift,
            libcurl: Version.libcurl,
            sqlite: store.sqliteVersion)
        ProcessMetrics(registry: metrics.registry)
        let time = SystemTime()
        let jobs = Mutex(StoreJobs())
        let known = KnownSeries(metrics)
        metrics.collect { [weak metrics, weak control] writer in
            let now = time.now()
            if let metrics { known.prepare(gateway.providers, in: metrics) }
            for key in gateway.dispatcher.snapshots(at: now) {
                writer.key(
                    key.label.text,
                    provider: key.provider.text,
                    state: ProxyMetrics.KeyState(key.state),
                    usableInSeconds: key.state == .disabled
                        ? nil : max(0, (key.usableAt.map { $0 - now } ?? .zero).seconds),
                    inFlight: key.inFlight,
                    isWarned: key.isWarned
                )
                for window in key.windows {
                    guard let share = window.remainingShare else { continue }
                    writer.remaining(share, of: key.label.text, provider: key.provider.text, window: window.name)
                }
            }
            for provider in gateway.providers {
                let standing = gateway.dispatcher.standing(of: provider, at: now)
                writer.breaker(ProxyMetrics.BreakerState(standing.breaker), of: provider.text)
            }
            let unmatched = gateway.unmatchedErrors
            for (kind, count) in unmatched.counts {
                writer.unmatched(
                    count, provider: kind.provider.text, status: kind.error.status, type: kind.error.type,
                    code: kind.error.code)
            }
            if unmatched.others > 0 {
                writer.unmatched(unmatched.others, provider: "other", status: nil, type: "", code: "")
            }
            for listener in listeners.all { writer.listener(listener.address, isEncrypted: listener.isTLS) }
            writer.http2Abuses(listeners.http2Abuses)
            if let control { Self.tellStanding(of: control, at: time.wallTime(), to: &writer) }
            // Whoever scrapes sees what was there at the scrape before at the latest.
            gateway.pressure.wake()
            writer.memory(
                pressure: gateway.pressure.reading?.stalled.map { $0 / 100 }, isShedding: gateway.pressure.isShedding)
            let storage = store.statistics
            writer.store(
                queueDepth: storage.waitingRows, writes: storage.writes.byName, errors: storage.errors.byName,
                dropped: storage.dropped.byName, deleted: storage.deleted.byName)
            writer.storeSize(all: storage.bytes, used: storage.usedBytes, log: storage.walBytes)
            if let metrics { jobs.withLock { $0.show(storage, metrics) } }
            metrics?.openConnections.set(listeners.openConnections)
            let admission = gateway.admissionStatistics
            writer.limitTables(evictions: admission.evictions, overflows: admission.overflows)
            metrics?.queuedRequests.set(admission.waiting)
            metrics?.concurrencyLimit.set(admission.concurrencyLimit ?? 0)
            metrics?.limitTableEntries.set(admission.entries)
        }
    }

    /// What does not work, what a person should see to, and what the numbers are measured against.
    private static func tellStanding(
        of control: DaemonControl, at now: WallTime, to writer: inout ProxyMetrics.ScrapeWriter
    ) {
        writer.clock(Double(now.microseconds) / 1e6)
        writer.degraded(control.lookForDegraded(), of: Health.Part.allCases.map(\.rawValue))
        writer.warnings(control.standingWarnings().map(\.code), of: DaemonControl.StandingWarning.codes)
        if let credentials = control.listeners.credentials {
            writer.certificate("certificate", endsAt: Double(credentials.notAfter.microseconds) / 1e6)
        }
        writer.handshakeFailures(control.listeners.handshakeFailures)
        let limits = control.keeper.inForce.effective.configuration.limits
        writer.limits(
            connections: control.listeners.maximumConnections, inFlight: limits.inFlight ?? 0, queue: limits.queue,
            storeQueue: StateStore.rowLimit)
    }
}

/// What the store's own jobs have done, as far as `/metrics` shows it.
private struct StoreJobs: Sendable {
    private var shown: [String: UInt64] = [:]

    /// Shows what has come since the last time.
    mutating func show(_ storage: StoreStatistics, _ metrics: ProxyMetrics) {
        self.show("retention", storage.lastRetention, failures: storage.retentionFailures, metrics)
        self.show("backup", storage.lastBackup, failures: storage.backupFailures, metrics)
    }

    private mutating func show(_ job: String, _ last: WallTime?, failures: UInt64, _ metrics: ProxyMetrics) {
        if let last { metrics.jobLastSuccess.with(job).set(Double(last.microseconds / 1_000_000)) }
        metrics.jobFailures.with(job).increment(by: failures - (self.shown[job] ?? 0))
        self.shown[job] = failures
    }
}

extension [StoreStatistics.Table: UInt64] {
    /// The counts by the names of the tables, with a zero where nothing has happened: a series that appears only with
    /// its first error is one that no alert can be written for.
    fileprivate var byName: [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for table in StoreStatistics.Table.allCases { counts[table.rawValue] = self[table] ?? 0 }
        return counts
    }
}

extension ProxyMetrics.BreakerState {
    /// The label's value for a state of a breaker.
    init(_ state: Breaker.State) {
        self =
            switch state {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            }
    }
}

extension ProxyMetrics.KeyState {
    /// The label's value for a state of the pool.
    init(_ state: KeyState) {
        self =
            switch state {
            case .usable: .usable
            case .cooling: .cooling
            case .exhausted: .exhausted
            case .billing: .billing
            case .suspect: .suspect
            case .invalid: .invalid
            case .disabled: .disabled
            }
    }
}
