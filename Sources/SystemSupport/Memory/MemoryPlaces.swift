/// Where the kernel tells how short memory is.
public struct MemoryPlaces: Sendable, Equatable {
    /// The pressure of the whole system, as a path (proc_pressure, Documentation/accounting/psi.rst of Linux).
    public var system: String
    /// The directory of the control group (version 2) that this process lives in; `nil` if there is none that it can see.
    public var group: String?

    /// Names the places.
    public init(system: String = "/proc/pressure/memory", group: String?) {
        self.system = system
        self.group = group
    }

    /// Those of this process.
    ///
    /// Reads files.
    public static func ofThisProcess() -> MemoryPlaces {
        let text = OpenDirectory.beginning(ofFileAt: "/proc/self/cgroup", bytes: 65_536) ?? []
        // Where both versions are mounted the second has a directory of its own.
        let root = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
            OpenDirectory.beginning(ofFileAt: $0 + "/cgroup.controllers", bytes: 1) != nil
        }
        return MemoryPlaces(group: root.flatMap { root in MemoryText.group(cgroup: text).map { root + $0 } })
    }
}
