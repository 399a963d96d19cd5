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

    /// The families whose samples the daemon's collectors report.
    struct ScrapedFamilies: Sendable {
        let listenerInfo: CollectedFamily
        let keyState: CollectedFamily
        let keyUsableIn: CollectedFamily
        let keyInFlight: CollectedFamily

        init(registry: MetricsRegistry) {
            self.listenerInfo = registry.collected(
                .gauge,
                "kmi_listener_info",
                help: "Always 1 for each listener; tls tells whether it is encrypted.",
                labels: ["listener", "tls"]
            )
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
                .gauge,
                "kmi_key_in_flight",
                help: "Attempts under way with a key.",
                labels: ["key", "provider"]
            )
        }
    }

    /// What the daemon's collectors report to: keys and listeners, which are kept elsewhere and come and go.
    public struct ScrapeWriter {
        private let families: ScrapedFamilies
        fileprivate var samples: SampleWriter

        fileprivate init(families: ScrapedFamilies, samples: SampleWriter) {
            self.families = families
            self.samples = samples
        }

        /// Reports a key: its state, the seconds until it is usable (0 if it is, `nil` if not known) and its attempts
        /// under way.
        public mutating func key(
            _ label: String,
            provider: String,
            state: KeyState,
            usableInSeconds: Double?,
            inFlight: Int
        ) {
            for candidate in KeyState.allCases {
                let value = candidate == state ? 1.0 : 0.0
                self.samples.set(self.families.keyState, label, provider, candidate.rawValue, to: value)
            }
            if let usableInSeconds { self.samples.set(self.families.keyUsableIn, label, provider, to: usableInSeconds) }
            self.samples.set(self.families.keyInFlight, label, provider, to: Double(inFlight))
        }

        /// Reports a listener by its address and whether it is encrypted (`tls="on"` or `"off"`).
        public mutating func listener(_ name: String, isEncrypted: Bool) {
            self.samples.set(self.families.listenerInfo, name, isEncrypted ? "on" : "off", to: 1)
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
