import Glibc

/// The `process_*` metrics that every exporter has, asked of the kernel at scrape time, mostly through `/proc/self`.
///
/// A value that cannot be read, for instance because the process has no descriptor left, is missing from that scrape.
public struct ProcessMetrics: Sendable {
    private let cpuSeconds: CollectedFamily
    private let residentMemory: CollectedFamily
    private let virtualMemory: CollectedFamily
    private let openDescriptors: CollectedFamily
    private let maximumDescriptors: CollectedFamily
    private let startTime: CollectedFamily
    private let threads: CollectedFamily
    private let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    /// Read once: the kernel derives it from the wall clock, so that it would wander as that is adjusted.
    private let bootTime = SystemFile.text("/proc/stat").flatMap(ProcessStatus.bootTime(inSystemStatistics:))

    /// Declares the families and has them collected at every scrape.
    @discardableResult
    public init(registry: MetricsRegistry) {
        self.cpuSeconds = registry.collected(
            .counter,
            "process_cpu_seconds_total",
            help: "User and system CPU time spent in seconds."
        )
        self.residentMemory = registry.collected(
            .gauge,
            "process_resident_memory_bytes",
            help: "Resident memory size in bytes."
        )
        self.virtualMemory = registry.collected(
            .gauge,
            "process_virtual_memory_bytes",
            help: "Virtual memory size in bytes."
        )
        self.openDescriptors = registry.collected(
            .gauge,
            "process_open_fds",
            help: "Number of open file descriptors."
        )
        self.maximumDescriptors = registry.collected(
            .gauge,
            "process_max_fds",
            help: "Maximum number of open file descriptors."
        )
        self.startTime = registry.collected(
            .gauge,
            "process_start_time_seconds",
            help: "Start time of the process since the Unix epoch in seconds."
        )
        self.threads = registry.collected(.gauge, "process_threads", help: "Number of threads of the process.")
        registry.collect { [self] in self.write(to: &$0) }
    }

    private func write(to writer: inout SampleWriter) {
        if let status = SystemFile.text("/proc/self/stat").flatMap({ ProcessStatus(statistics: $0) }) {
            writer.set(self.cpuSeconds, to: Double(status.cpuTicks) / self.ticksPerSecond)
            writer.set(self.residentMemory, to: Double(status.residentPages) * self.pageSize)
            writer.set(self.virtualMemory, to: Double(status.virtualBytes))
            writer.set(self.threads, to: Double(status.threads))
            if let bootTime = self.bootTime {
                writer.set(self.startTime, to: Double(bootTime) + Double(status.startTicks) / self.ticksPerSecond)
            }
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            writer.set(self.maximumDescriptors, to: limit.rlim_cur == .max ? .infinity : Double(limit.rlim_cur))
        }
        if let count = SystemFile.entryCount("/proc/self/fd") {
            // The directory was open itself while it was listed.
            writer.set(self.openDescriptors, to: Double(count - 1))
        }
    }
}
