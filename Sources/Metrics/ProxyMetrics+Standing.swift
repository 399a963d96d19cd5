/// The families that tell how the daemon itself stands, beside its requests: what does not work, what a person should see
/// to, and the bounds that others are measured against.
struct StandingFamilies: Sendable {
    let degraded: CollectedFamily
    let warnings: CollectedFamily
    let certificateEnd: CollectedFamily
    let handshakeFailures: CollectedFamily
    let connectionsLimit: CollectedFamily
    let inFlightLimit: CollectedFamily
    let queueLimit: CollectedFamily
    let storeQueueLimit: CollectedFamily
    let clock: CollectedFamily

    /// Declares them.
    init(registry: MetricsRegistry) {
        self.degraded = registry.collected(
            .gauge, "kmi_degraded", help: "1 for each part that does not work as configured, 0 for the others.",
            labels: ["reason"])
        self.warnings = registry.collected(
            .gauge, "kmi_warnings", help: "Warnings that stand, by code; each tells of something to see to.",
            labels: ["code"])
        self.certificateEnd = registry.collected(
            .gauge, "kmi_certificate_not_after_timestamp_seconds",
            help: "When a certificate that is in use ends, in seconds since the Unix epoch.", labels: ["file"])
        self.handshakeFailures = registry.collected(
            .counter, "kmi_tls_handshake_failures_total", help: "TLS handshakes of callers that failed, by reason.",
            labels: ["reason"])
        self.connectionsLimit = registry.collected(
            .gauge, "kmi_connections_limit", help: "Connections of callers that are served at once.")
        self.inFlightLimit = registry.collected(
            .gauge, "kmi_in_flight_limit",
            help: "Requests let in at once as it is configured; 0 for no limit.")
        self.queueLimit = registry.collected(
            .gauge, "kmi_queue_limit", help: "Requests that may wait to be admitted; with 0 none waits.")
        self.storeQueueLimit = registry.collected(
            .gauge, "kmi_store_queue_limit",
            help: "Request rows that may wait for the disk; further ones are given up.")
        self.clock = registry.collected(
            .gauge, "kmi_clock_timestamp_seconds",
            help: "The daemon's clock when it was asked, in seconds since the Unix epoch.")
    }
}

extension ProxyMetrics.ScrapeWriter {
    /// Reports which of all parts that can be broken are.
    public mutating func degraded(_ broken: [String], of all: [String]) {
        let broken = Set(broken)
        for part in all {
            self.samples.set(self.families.standing.degraded, part, to: broken.contains(part) ? 1 : 0)
        }
    }

    /// Reports the codes of the warnings that stand, of all codes that there can be.
    public mutating func warnings(_ codes: [String], of all: [String]) {
        for code in all {
            self.samples.set(
                self.families.standing.warnings, code, to: Double(codes.count { $0 == code }))
        }
    }

    /// Reports the end of a certificate that is in use, in seconds since the Unix epoch, by the word of its file.
    public mutating func certificate(_ file: String, endsAt seconds: Double) {
        self.samples.set(self.families.standing.certificateEnd, file, to: seconds)
    }

    /// Reports how many TLS handshakes failed, by reason.
    public mutating func handshakeFailures(_ counts: [String: UInt64]) {
        for (reason, count) in counts {
            self.samples.set(self.families.standing.handshakeFailures, reason, to: Double(count))
        }
    }

    /// Reports the bounds: connections of callers, requests at once (0 for no limit), requests that wait for admission,
    /// and rows that wait for the disk.
    public mutating func limits(connections: Int, inFlight: Int, queue: Int, storeQueue: Int) {
        self.samples.set(self.families.standing.connectionsLimit, to: Double(connections))
        self.samples.set(self.families.standing.inFlightLimit, to: Double(inFlight))
        self.samples.set(self.families.standing.queueLimit, to: Double(queue))
        self.samples.set(self.families.standing.storeQueueLimit, to: Double(storeQueue))
    }

    /// Reports what the daemon takes for the time, in seconds since the Unix epoch.
    public mutating func clock(_ seconds: Double) {
        self.samples.set(self.families.standing.clock, to: seconds)
    }
}
