import Gateway
import Metrics
import ProxyCore
import StateStore

/// What is counted elsewhere and shown when `/metrics` is read.
enum DaemonMetrics {
    /// Registers the collectors.
    static func register(_ metrics: ProxyMetrics, gateway: Gateway, listeners: Listeners, store: StateStore) {
        metrics.setBuild(
            version: Version.text, commit: Version.commit, swift: Version.swift, libcurl: Version.libcurl,
            sqlite: store.sqliteVersion)
        ProcessMetrics(registry: metrics.registry)
        let time = SystemTime()
        metrics.collect { [weak metrics] writer in
            let now = time.now()
            for key in gateway.pool.snapshots(at: now) {
                writer.key(
                    key.label.text,
                    provider: key.provider.text,
                    state: ProxyMetrics.KeyState(key.state),
                    usableInSeconds: key.state == .disabled
                        ? nil : max(0, (key.usableAt.map { $0 - now } ?? .zero).seconds),
                    inFlight: key.inFlight
                )
            }
            for listener in listeners.all { writer.listener(listener.address, isEncrypted: false) }
            let storage = store.statistics
            writer.store(
                queueDepth: storage.waitingRows, bytes: storage.bytes, writes: storage.writes.byName,
                errors: storage.errors.byName, dropped: storage.dropped.byName)
            metrics?.openConnections.set(listeners.openConnections)
            metrics?.queuedRequests.set(gateway.queuedRequests)
        }
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
