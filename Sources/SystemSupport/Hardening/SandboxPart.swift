/// A part of a sandbox whose being in force a process can see by itself, under the name of systemd's directive for it
/// (systemd.exec(5)).
public enum SandboxPart: String, Sendable, CaseIterable {
    /// No program that is executed gets more privileges.
    case noNewPrivileges = "NoNewPrivileges"
    /// System calls are filtered.
    case systemCallFilter = "SystemCallFilter"
    /// No memory can be written and executed.
    case memoryDenyWriteExecute = "MemoryDenyWriteExecute"
    /// No capability can be had, whatever is executed.
    case capabilityBoundingSet = "CapabilityBoundingSet"
    /// The files of the operating system cannot be written.
    case protectSystem = "ProtectSystem"
    /// The directories of persons cannot be written, or not even be seen.
    case protectHome = "ProtectHome"
    /// `/tmp` is the service's own.
    case privateTmp = "PrivateTmp"
    /// `/dev` has no devices but those that every program needs.
    case privateDevices = "PrivateDevices"
    /// The settings of the kernel cannot be written.
    case protectKernelTunables = "ProtectKernelTunables"
    /// Control groups cannot be changed.
    case protectControlGroups = "ProtectControlGroups"

    /// Directories that this part makes read-only; none for one that is seen elsewhere.
    var readOnlyDirectories: [String] {
        switch self {
        case .protectSystem: ["/usr", "/etc"]
        case .protectHome: ["/home", "/root"]
        case .protectKernelTunables: ["/proc/sys"]
        case .protectControlGroups: ["/sys/fs/cgroup"]
        default: []
        }
    }
}
