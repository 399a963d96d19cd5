/// Reads the texts in which the kernel tells of memory (Documentation/accounting/psi.rst, cgroup-v2.rst of Linux).
enum MemoryText {
    /// The path of the one hierarchy of version 2 from the text of `/proc/self/cgroup` (cgroups(7)); `nil` if the process
    /// is in none, or in one outside of what its namespace shows.
    static func group(cgroup text: [UInt8]) -> String? {
        for line in text.split(separator: 0x0A) where line.starts(with: "0::/".utf8) {
            let path = String(decoding: line.dropFirst(3), as: UTF8.self)
            // A group that has gone has no files any more.
            guard !path.hasPrefix("/.."), !path.hasSuffix(" (deleted)") else { return nil }
            return path == "/" ? "" : path
        }
        return nil
    }

    /// The percentage behind `avg10=` in the line `some` of a pressure file.
    static func stalledPercent(_ text: [UInt8]) -> Double? {
        for line in text.split(separator: 0x0A) where line.starts(with: "some ".utf8) {
            for field in line.split(separator: 0x20) where field.starts(with: "avg10=".utf8) {
                guard let value = Double(String(decoding: field.dropFirst(6), as: UTF8.self)), (0...100).contains(value)
                else { return nil }
                return value
            }
        }
        return nil
    }

    /// A file with one number of bytes; `nil` for `max`, which is no limit.
    static func bytes(_ text: [UInt8]) -> UInt64? {
        UInt64(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
    }

    /// What of a group's memory the kernel takes back before anything else: pages of files, and tables of its own that it
    /// says it can do without; 0 where it does not tell.
    static func reclaimableBytes(stat text: [UInt8]) -> UInt64 {
        var sum: UInt64 = 0
        for line in text.split(separator: 0x0A) {
            guard let space = line.firstIndex(of: 0x20) else { continue }
            let name = line[..<space]
            guard ["inactive_file", "active_file", "slab_reclaimable"].contains(where: { name.elementsEqual($0.utf8) })
            else { continue }
            sum &+= UInt64(String(decoding: line[line.index(after: space)...], as: UTF8.self)) ?? 0
        }
        return sum
    }
}
