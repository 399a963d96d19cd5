import Glibc

/// What the kernel shows a process of the sandbox that it is in.
public struct SandboxEvidence: Sendable, Equatable {
    /// The text of `/proc/self/status` (proc_pid_status(5)); empty if it cannot be read.
    public var status: String
    /// The text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)); empty if it cannot be read.
    public var mounts: String
    /// The directories of interest that can be written by whoever may: they are there, and not mounted read-only.
    public var writableDirectories: Set<String>
    /// Whether memory can be had that is writable and executable.
    public var hasWritableCode: Bool

    /// Names what was seen.
    public init(status: String, mounts: String, writableDirectories: Set<String>, hasWritableCode: Bool) {
        self.status = status
        self.mounts = mounts
        self.writableDirectories = writableDirectories
        self.hasWritableCode = hasWritableCode
    }

    /// What this process is shown; reads a few files of the kernel.
    public static func ofThisProcess() -> SandboxEvidence {
        SandboxEvidence(
            status: self.text("/proc/self/status", bytes: 65_536),
            // A machine with many containers has thousands of mounts; their own lines are short.
            mounts: self.text("/proc/self/mountinfo", bytes: 4 << 20),
            writableDirectories: Set(
                SandboxPart.allCases.flatMap(\.readOnlyDirectories).filter(self.isMountedWritable)),
            hasWritableCode: self.canHaveWritableCode())
    }

    /// Whether a part is in force, as far as this shows it.
    func shows(_ part: SandboxPart) -> Bool {
        switch part {
        case .noNewPrivileges: self.field("NoNewPrivs") == "1"
        // 2 is a filter (seccomp(2), SECCOMP_MODE_FILTER).
        case .systemCallFilter: self.field("Seccomp") == "2"
        case .memoryDenyWriteExecute: !self.hasWritableCode
        case .capabilityBoundingSet: self.field("CapBnd").flatMap { UInt64($0, radix: 16) } == 0
        case .protectSystem, .protectHome, .protectKernelTunables, .protectControlGroups:
            self.writableDirectories.isDisjoint(with: part.readOnlyDirectories)
        // The service manager names the directory that it puts there.
        case .privateTmp: self.mount(at: "/tmp")?.root.contains("/systemd-private-") ?? false
        // The kernel's own is of another type than any that has been made for a service.
        case .privateDevices: self.mount(at: "/dev").map { $0.type != "devtmpfs" } ?? false
        }
    }

    /// A field of the status: `CapBnd:\t0000000000000000`.
    private func field(_ name: String) -> String? {
        for line in self.status.split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.dropFirst(name.utf8.count + 1).split(whereSeparator: { $0 == "\t" || $0 == " " }).last
                .map(String.init)
        }
        return nil
    }

    /// What is mounted at a place: which directory of which type of file system.
    ///
    /// The last line counts, because it lies on top.
    private func mount(at place: String) -> (root: String, type: String)? {
        for line in self.mounts.split(separator: "\n").reversed() {
            // `36 35 98:0 /root /place rw,noatime master:1 - ext4 …`: before the dash a number of fields that varies.
            let fields = line.split(separator: " ")
            guard fields.count > 6, fields[4] == place, let dash = fields.dropFirst(6).firstIndex(of: "-"),
                dash + 1 < fields.count
            else { continue }
            return (String(fields[3]), String(fields[dash + 1]))
        }
        return nil
    }

    // MARK: Looking

    private static func text(_ path: String, bytes: Int) -> String {
        OpenDirectory.beginning(ofFileAt: path, bytes: bytes).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// What is not there cannot be written.
    private static func isMountedWritable(_ path: String) -> Bool {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return false }
        return status.f_flag & UInt(ST_RDONLY) == 0
    }

    /// Asks for a page of such memory and gives it back at once.
    private static func canHaveWritableCode() -> Bool {
        let size = Int(sysconf(Int32(_SC_PAGESIZE)))
        let page = mmap(
            nil, max(size, 4_096), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let page, page != MAP_FAILED else { return false }
        munmap(page, max(size, 4_096))
        return true
    }
}
