/// The families of the background jobs that are reported when somebody asks, by job.
struct JobFamilies: Sendable {
    let lastStart: CollectedFamily
    let nextRun: CollectedFamily
    let consecutiveFailures: CollectedFamily
    let overruns: CollectedFamily
    let skipped: CollectedFamily

    init(registry: MetricsRegistry) {
        self.lastStart = registry.collected(
            .gauge, "kmi_job_last_start_timestamp_seconds",
            help: "When a background job last began a run, in seconds since the Unix epoch.", labels: ["job"])
        self.nextRun = registry.collected(
            .gauge, "kmi_job_next_run_timestamp_seconds",
            help:
                "When a background job is due next, in seconds since the Unix epoch; no series where nobody can tell.",
            labels: ["job"])
        self.consecutiveFailures = registry.collected(
            .gauge, "kmi_job_consecutive_failures", help: "Failures of a background job since its last success.",
            labels: ["job"])
        self.overruns = registry.collected(
            .counter, "kmi_job_overruns_total",
            help: "Runs of a background job that took longer than the time between two of them.", labels: ["job"])
        self.skipped = registry.collected(
            .counter, "kmi_job_skipped_total",
            help:
                "Runs of a background job that were left out because the one before took too long, or the machine slept.",
            labels: ["job"])
    }
}
