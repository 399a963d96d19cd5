import Glibc

/// What is known of a process.
struct FoundProcess: Equatable, Sendable {
    /// Its number.
    var processID: Int32
    /// Its name.
    var name: String?
    /// Its systemd unit.
    var unit: String?
}

/// A socket whose process is looked for.
struct SocketSearch: Equatable, Sendable {
    /// The user who made the socket.
    var userID: UInt32
    /// When its connection was seen, in clock ticks since boot: its process is older.
    var seenAtTicks: UInt64
}

/// Finds processes in `/proc`, as far as this process may look.
struct ProcessFinder: Sendable {
    /// How many processes one search looks at.
    static let maximumProcesses = 8_192
    /// How many of their descriptors one search looks at.
    static let maximumDescriptors = 131_072
    /// How many processes are looked at first because they had a socket before.
    static let maximumRecent = 16

    /// How much one search may still look at.
    private struct Allowance {
        var processes = ProcessFinder.maximumProcesses
        var descriptors = ProcessFinder.maximumDescriptors
    }

    private let root: String
    private var recent: [Int32] = []

    /// Looks below a directory that is laid out like `/proc`.
    init(root: String = "/proc") {
        self.root = root
    }

    /// The process with this number, if it is no younger than the connection that it is said to have.
    func process(_ processID: Int32, seenAtTicks: UInt64) -> FoundProcess? {
        guard processID > 0, let directory = OpenDirectory("\(self.root)/\(processID)") else { return nil }
        return self.describe(directory, processID: processID, seenAtTicks: seenAtTicks)
    }

    /// The processes that have these sockets, by inode: one walk through all processes for all sockets.
    ///
    /// Those that had one before come first, then those of the sockets' users, then all others. Where several processes
    /// have a socket the first one counts.
    mutating func processes(having sockets: [UInt64: SocketSearch]) -> [UInt64: FoundProcess] {
        var missing = sockets
        var found: [UInt64: FoundProcess] = [:]
        var allowance = Allowance()
        let users = Set(sockets.values.map(\.userID))
        let first = self.recent
        var others: [Int32] = []
        for processID in first {
            self.look(at: processID, for: &missing, found: &found, within: &allowance)
        }
        if !missing.isEmpty {
            for processID in self.processIDs() where !first.contains(processID) {
                guard !missing.isEmpty, allowance.processes > 0, allowance.descriptors > 0 else { break }
                let isSkipped = !self.look(
                    at: processID, of: users, for: &missing, found: &found, within: &allowance)
                if isSkipped { others.append(processID) }
            }
        }
        for processID in others {
            guard !missing.isEmpty, allowance.processes > 0, allowance.descriptors > 0 else { break }
            self.look(at: processID, for: &missing, found: &found, within: &allowance)
        }
        self.remember(found.values.map(\.processID))
        return found
    }

    private mutating func remember(_ processIDs: [Int32]) {
        let fresh = Set(processIDs)
        self.recent = Array((fresh.sorted() + self.recent.filter { !fresh.contains($0) }).prefix(Self.maximumRecent))
    }

    /// Looks through the descriptors of a process; `false` if it was left alone because it is none of those users'.
    @discardableResult
    private func look(
        at processID: Int32,
        of users: Set<UInt32>? = nil,
        for missing: inout [UInt64: SocketSearch],
        found: inout [UInt64: FoundProcess],
        within allowance: inout Allowance
    ) -> Bool {
        guard let directory = OpenDirectory("\(self.root)/\(processID)") else { return true }
        if let users, let owner = directory.owner, !users.contains(owner) { return false }
        allowance.processes -= 1
        guard let descriptors = OpenDirectory("fd", in: directory) else { return true }
        var inodes: [UInt64] = []
        var left = allowance.descriptors
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            descriptors.entries { name in
                left -= 1
                if let count = descriptors.link(name, into: buffer),
                    let inode = Self.inode(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])),
                    missing[inode] != nil
                {
                    inodes.append(inode)
                }
                return left > 0 && inodes.count < missing.count
            }
        }
        allowance.descriptors = left
        for inode in inodes {
            guard let search = missing[inode] else { continue }
            // A younger process has the socket from an older one, which may still be found.
            guard
                let process = self.describe(directory, processID: processID, seenAtTicks: search.seenAtTicks)
            else { continue }
            missing[inode] = nil
            found[inode] = process
        }
        return true
    }

    private func describe(
        _ directory: borrowing OpenDirectory, processID: Int32, seenAtTicks: UInt64
    ) -> FoundProcess? {
        guard
            let start = directory.beginning(of: "stat", bytes: 4_096).flatMap(ProcessText.startTicks),
            start <= seenAtTicks
        else { return nil }
        return FoundProcess(
            processID: processID,
            name: directory.beginning(of: "comm", bytes: 256).flatMap(ProcessText.name),
            unit: directory.beginning(of: "cgroup", bytes: 16_384).flatMap(ProcessText.unit)
        )
    }

    private func processIDs() -> [Int32] {
        guard let directory = OpenDirectory(self.root) else { return [] }
        var processIDs: [Int32] = []
        directory.entries { name in
            let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
            if let number = UInt64(tableDecimal: bytes), let processID = Int32(exactly: number) {
                processIDs.append(processID)
            }
            return processIDs.count < 4 * Self.maximumProcesses
        }
        return processIDs
    }

    /// Reads `socket:[123]`.
    static func inode(_ link: UnsafeRawBufferPointer) -> UInt64? {
        guard link.starts(with: "socket:[".utf8), link.last == 0x5D else { return nil }
        return UInt64(tableDecimal: link.dropFirst(8).dropLast())
    }
}
