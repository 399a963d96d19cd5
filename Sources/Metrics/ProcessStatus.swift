/// The fields of the kernel's process files that metrics are made of (proc_pid_stat(5), proc_stat(5)).
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
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
        let fields = text.utf8[text.utf8.index(after: end)...].split(whereSeparator: isSpace)
        // Field 3 of the manual is the first here.
        let number = { (field: Int) in field - 3 < fields.count ? UInt64(Substring(fields[field - 3])) : nil }
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
        text.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { UInt64($0.dropFirst("btime ".count)) }
    }
}
