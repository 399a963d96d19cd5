extension ProxyMetrics {
    /// The states of a key (contract section 7); the raw value is the label's value.
    public enum KeyState: String, Sendable, CaseIterable {
        /// It can be used.
        case usable
        /// It met a rate limit.
        case cooling
        /// A plan window is used up, until its reset.
        case exhausted
        /// The provider wants to be paid.
        case billing
        /// It was refused once.
        case suspect
        /// It was refused for good, and is still probed.
        case invalid
        /// A person switched it off.
        case disabled
    }

    /// The states of a provider's breaker (contract section 8); the raw value is the label's value.
    public enum BreakerState: String, Sendable, CaseIterable {
        /// The provider is asked as usual.
        case closed
        /// It is left alone.
        case open
        /// One request finds out whether it works again.
        case halfOpen = "half_open"
    }

    /// The families whose samples the daemon's collectors report.
    struct ScrapedFamilies: Sendable {
        let listenerInfo: CollectedFamily
        let http2Abuses: CollectedFamily
        let keyState: CollectedFamily
        let keyUsableIn: CollectedFamily
        let keyInFlight: CollectedFamily
        let keyRemaining: CollectedFamily
        let keyWarn: CollectedFamily
        let breakerState: CollectedFamily
        let unmatchedErrors: CollectedFamily
        let memoryPressure: CollectedFamily
        let shedding: CollectedFamily
        let limitEvictions: CollectedFamily
        let limitOverflows: CollectedFamily
        let storeQueueDepth: CollectedFamily
        let storeBytes: CollectedFamily
        let storeUsedBytes: CollectedFamily
        let storeLogBytes: CollectedFamily
        let storeDeleted: CollectedFamily
        let storeWrites: CollectedFamily
        let storeErrors: CollectedFamily
        let storeDropped: CollectedFamily
        let standing: StandingFamilies
        let jobs: JobFamilies

        init(registry: MetricsRegistry) {
            self.listenerInfo = registry.collected(
                .gauge, "kmi_listener_info", help: "Always 1 for each listener; tls tells whether it is encrypted.",
                labels: ["listener", "tls"])
            self.http2Abuses = registry.collected(
                .counter, "kmi_http2_abuse_total",
                help: "HTTP/2 connections given up for what their callers did on them, by reason.", labels: ["reason"])
            self.keyState = registry.collected(
                .gauge,
                "kmi_key_state",
                help: "1 for the state that a key is in, 0 for the others.",
                labels: ["key", "provider", "state"],
                maximumSeries: ProxyMetrics.maximumKeySeries
            )
            self.keyUsableIn = registry.collected(
                .gauge,
                "kmi_key_usable_in_seconds",
                help: "Time until a key is usable again; 0 if it is, no series if that is not known.",
                labels: ["key", "provider"]
            )
            self.keyInFlight = registry.collected(
                .gauge, "kmi_key_in_flight", help: "Attempts under way with a key.", labels: ["key", "provider"])
            self.keyRemaining = registry.collected(
                .gauge,
                "kmi_key_remaining_ratio",
                help: "Share of a window of a key's plan that is left, 0 to 1; no series where it is not known.",
                labels: ["key", "provider", "window"]
            )
            self.keyWarn = registry.collected(
                .gauge, "kmi_key_warn", help: "1 while less than a fifth of a window of a key's plan is left, else 0.",
                labels: ["key", "provider"])
            self.breakerState = registry.collected(
                .gauge,
                "kmi_breaker_state",
                help: "1 for the state that a provider's breaker is in, 0 for the others.",
                labels: ["provider", "state"]
            )
            self.unmatchedErrors = registry.collected(
                .counter,
                "kmi_unmatched_errors_total",
                help:
                    "Errors of providers that no rule knew, so that their status decided, by what they call themselves.",
                labels: ["provider", "status", "type", "code"]
            )
            self.memoryPressure = registry.collected(
                .gauge, "kmi_memory_pressure_ratio",
                help: "Share of ten seconds in which tasks waited for memory, 0 to 1, when it was last looked at.")
            self.shedding = registry.collected(
                .gauge, "kmi_shedding", help: "1 while new requests are refused because memory is short, else 0.")
            self.limitEvictions = registry.collected(
                .counter, "kmi_limit_table_evictions_total",
                help: "Callers and addresses forgotten because all of their limits were unused again.", labels: [])
            self.limitOverflows = registry.collected(
                .counter, "kmi_limit_table_overflows_total",
                help: "Requests of callers and addresses that shared one entry because the table was full.", labels: [])
            self.jobs = JobFamilies(registry: registry)
            self.storeQueueDepth = registry.collected(
                .gauge, "kmi_store_queue_depth", help: "Request rows that are not on disk yet.", labels: [])
            self.storeBytes = registry.collected(
                .gauge, "kmi_store_bytes", help: "Size of the database and its write-ahead log in bytes.", labels: [])
            self.storeUsedBytes = registry.collected(
                .gauge, "kmi_store_used_bytes",
                help: "Bytes of the database that hold something, without the pages that the next rows go to.")
            self.storeLogBytes = registry.collected(
                .gauge, "kmi_store_wal_bytes", help: "Size of the write-ahead log alone in bytes.", labels: [])
            self.storeDeleted = registry.collected(
                .counter, "kmi_store_deleted_total",
                help: "Rows deleted because they were too old or too many, by table.", labels: ["table"])
            self.storeWrites = registry.collected(
                .counter, "kmi_store_writes_total", help: "Rows written, by table.", labels: ["table"])
            self.storeErrors = registry.collected(
                .counter, "kmi_store_errors_total",
                help: "Transactions that failed, by the tables that they were to write.",
                labels: ["table"])
            self.storeDropped = registry.collected(
                .counter, "kmi_store_dropped_total",
                help: "Rows given up because too many waited or none could ever be written, by table.",
                labels: ["table"])
            self.standing = StandingFamilies(registry: registry)
        }
    }

    /// What the daemon's collectors report to: keys and listeners, which are kept elsewhere and come and go.
    public struct ScrapeWriter {
        let families: ScrapedFamilies
        var samples: SampleWriter

        fileprivate init(families: ScrapedFamilies, samples: SampleWriter) {
            self.families = families
            self.samples = samples
        }

        /// Reports a key: its state, the seconds until it is usable (0 if it is, `nil` if not known), its attempts under
        /// way, and whether little is left of a window of its plan.
        public mutating func key(
            _ label: String,
            provider: String,
            state: KeyState,
            usableInSeconds: Double?,
            inFlight: Int,
            isWarned: Bool
        ) {
            for candidate in KeyState.allCases {
                let value = candidate == state ? 1.0 : 0.0
                self.samples.set(self.families.keyState, label, provider, candidate.rawValue, to: value)
            }
            if let usableInSeconds { self.samples.set(self.families.keyUsableIn, label, provider, to: usableInSeconds) }
            self.samples.set(self.families.keyInFlight, label, provider, to: Double(inFlight))
            self.samples.set(self.families.keyWarn, label, provider, to: isWarned ? 1 : 0)
        }

        /// Reports the share of a key's window that is left, 0 to 1.
        public mutating func remaining(_ share: Double, of key: String, provider: String, window: String) {
            self.samples.set(self.families.keyRemaining, key, provider, window, to: share)
        }

        /// Reports the state of a provider's breaker.
        public mutating func breaker(_ state: BreakerState, of provider: String) {
            for candidate in BreakerState.allCases {
                let value = candidate == state ? 1.0 : 0.0
                self.samples.set(self.families.breakerState, provider, candidate.rawValue, to: value)
            }
        }

        /// Reports how many errors of a kind no rule knew.
        public mutating func unmatched(
            _ count: UInt64, provider: String, status: Int?, type: String, code: String
        ) {
            self.samples.set(
                self.families.unmatchedErrors, provider, status.map(String.init) ?? "", type, code,
                to: Double(count))
        }

        /// Reports a listener by its address and whether it is encrypted (`tls="on"` or `"off"`).
        public mutating func listener(_ name: String, isEncrypted: Bool) {
            self.samples.set(self.families.listenerInfo, name, isEncrypted ? "on" : "off", to: 1)
        }

        /// Reports how many HTTP/2 connections were given up for what their callers did, by reason.
        public mutating func http2Abuses(_ counts: [String: UInt64]) {
            for (reason, count) in counts { self.samples.set(self.families.http2Abuses, reason, to: Double(count)) }
        }

        /// Reports how short memory is (0 to 1; `nil` where it is not known), and whether new requests are refused for it.
        public mutating func memory(pressure: Double?, isShedding: Bool) {
            if let pressure { self.samples.set(self.families.memoryPressure, to: pressure) }
            self.samples.set(self.families.shedding, to: isShedding ? 1 : 0)
        }

        /// Reports a background job: when it last began and is due next (seconds since the epoch, `nil` where there is no such
        /// time), its failures since its last success, and how many runs took too long or were left out.
        public mutating func job(
            _ name: String, lastStart: Double?, nextRun: Double?, consecutiveFailures: UInt64, overruns: UInt64,
            skipped: UInt64
        ) {
            let families = self.families.jobs
            if let lastStart { self.samples.set(families.lastStart, name, to: lastStart) }
            if let nextRun { self.samples.set(families.nextRun, name, to: nextRun) }
            self.samples.set(families.consecutiveFailures, name, to: Double(consecutiveFailures))
            self.samples.set(families.overruns, name, to: Double(overruns))
            self.samples.set(families.skipped, name, to: Double(skipped))
        }

        /// Reports the tables of limits: entries that were forgotten, and requests that found none left.
        public mutating func limitTables(evictions: UInt64, overflows: UInt64) {
            self.samples.set(self.families.limitEvictions, to: Double(evictions))
            self.samples.set(self.families.limitOverflows, to: Double(overflows))
        }

        /// Reports the state store: rows that wait, and by table the rows written, the transactions that failed, the rows
        /// given up and the rows deleted.
        public mutating func store(
            queueDepth: Int, writes: [String: UInt64], errors: [String: UInt64], dropped: [String: UInt64],
            deleted: [String: UInt64]
        ) {
            self.samples.set(self.families.storeQueueDepth, to: Double(queueDepth))
            for (table, count) in writes { self.samples.set(self.families.storeWrites, table, to: Double(count)) }
            for (table, count) in errors { self.samples.set(self.families.storeErrors, table, to: Double(count)) }
            for (table, count) in dropped { self.samples.set(self.families.storeDropped, table, to: Double(count)) }
            for (table, count) in deleted { self.samples.set(self.families.storeDeleted, table, to: Double(count)) }
        }

        /// Reports the sizes of the state store in bytes: of all of it on disk, of what is in use, and of its log.
        public mutating func storeSize(all: UInt64, used: UInt64, log: UInt64) {
            self.samples.set(self.families.storeBytes, to: Double(all))
            self.samples.set(self.families.storeUsedBytes, to: Double(used))
            self.samples.set(self.families.storeLogBytes, to: Double(log))
        }
    }

    /// Has a collector called at every scrape.
    ///
    /// It runs on the thread that renders, so it must not wait for long; it may also set gauges.
    public func collect(_ collector: @escaping @Sendable (inout ScrapeWriter) -> Void) {
        let families = self.scraped
        self.registry.collect { samples in
            var writer = ScrapeWriter(families: families, samples: samples)
            // The writer is now the only owner, so that reporting does not copy.
            samples = SampleWriter()
            collector(&writer)
            samples = writer.samples
        }
    }
}
