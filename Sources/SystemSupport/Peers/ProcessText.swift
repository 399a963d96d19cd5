/// Reads the texts in which the kernel describes a process (proc_pid_comm(5), proc_pid_stat(5), proc_pid_cgroup(5)).
enum ProcessText {
    /// The longest name that is shown, in bytes.
    static let maximumNameBytes = 64
    /// The longest name of a unit (systemd's `UNIT_NAME_MAX`).
    static let maximumUnitBytes = 255

    /// A name as it may be shown: printable ASCII, `?` for every other byte, without surrounding spaces.
    ///
    /// Processes name themselves, so a name may hold anything.
    static func printable(_ text: some Collection<UInt8>, bytes limit: Int = maximumNameBytes) -> String? {
        var bytes = text.prefix(limit).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }[...]
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 { bytes.removeLast() }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// The name of a process from the text of its `comm`: one line.
    static func name(comm text: [UInt8]) -> String? {
        self.printable(text.last == 0x0A ? text.dropLast() : text[...])
    }

    /// When a process began, in clock ticks since boot, from the text of its `stat`.
    static func startTicks(stat text: [UInt8]) -> UInt64? {
        // The name stands in brackets and may hold brackets and spaces itself; behind it there are none. The third
        // field follows it, the twenty-second is the time.
        guard let bracket = text.lastIndex(of: 0x29) else { return nil }
        let fields = text[(bracket + 1)...].split(whereSeparator: { $0 == 0x20 || $0 == 0x0A })
        return fields.count > 19 ? UInt64(tableDecimal: fields[19]) : nil
    }

    /// The systemd unit of a process from the text of its `cgroup`: of the one hierarchy of version 2, else of
    /// systemd's own of version 1.
    static func unit(cgroup text: [UInt8]) -> String? {
        var fallback: String?
        for line in text.split(separator: 0x0A) {
            let fields = line.split(separator: 0x3A, maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty, let unit = self.unit(path: fields[2]) { return unit }
            if fields[1].elementsEqual("name=systemd".utf8) { fallback = self.unit(path: fields[2]) }
        }
        return fallback
    }

    /// The last element of the path that is a service or a scope: what runs in a group below it is its own affair.
    private static func unit(path: ArraySlice<UInt8>) -> String? {
        for element in path.split(separator: 0x2F).reversed() {
            var name = element
            // A group that has been removed under its processes.
            if name.suffix(10).elementsEqual(" (deleted)".utf8) { name.removeLast(10) }
            // systemd puts `_` before names that the kernel could take for its own.
            if name.first == 0x5F { name.removeFirst() }
            guard name.count <= self.maximumUnitBytes else { continue }
            for suffix in [".service", ".scope"]
            where name.count > suffix.utf8.count && name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) {
                return self.printable(name, bytes: self.maximumUnitBytes)
            }
        }
        return nil
    }
}
