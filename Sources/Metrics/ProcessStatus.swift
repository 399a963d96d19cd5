/// The fields of the kernel's process files that metrics are made of (proc_pid_stat(5), proc_pid_limits(5)).
struct ProcessStatus: Equatable {
    let cpuTicks: UInt64
    let threads: UInt64
    /// Since boot.
    let startTicks: UInt64
    let virtualBytes: UInt64
    let residentPages: UInt64

    /// Reads the line of `/proc/self/stat`; `nil` if it is not one.
    init?(statistics text: String) {
        // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
        // Field 3 of the manual is the first here.
        let number = { (field: Int) in field - 3 < fields.count ? UInt64(fields[field - 3]) : nil }
        guard let user = number(14), let system = number(15), let threads = number(20), let start = number(22),
            let virtual = number(23), let resident = number(24)
        else { return nil }
        self.cpuTicks = user &+ system
        self.threads = threads
        self.startTicks = start
        self.virtualBytes = virtual
        self.residentPages = resident
    }

    /// The time of boot in seconds since the Unix epoch, from `/proc/stat`.
    static func bootTime(inSystemStatistics text: String) -> UInt64? {
        Self.fields(ofLine: "btime ", in: text).flatMap { $0.first.flatMap { UInt64($0) } }
    }

    /// The soft limit of open descriptors from `/proc/self/limits`, infinite if there is none.
    static func descriptorLimit(inLimits text: String) -> Double? {
        guard let soft = Self.fields(ofLine: "Max open files ", in: text)?.first else { return nil }
        return soft == "unlimited" ? .infinity : UInt64(soft).map { Double($0) }
    }

    private static func fields(ofLine start: String, in text: String) -> [Substring]? {
        text.split(separator: "\n").first { $0.hasPrefix(start) }?.dropFirst(start.count).split(separator: " ")
    }
}
