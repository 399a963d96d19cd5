/// The process that listens where somebody else wants to, as far as this one may look.
public struct PortOwner: Sendable, Hashable, CustomStringConvertible {
    /// Its number.
    public var processID: Int32
    /// Its name.
    public var name: String?

    /// `process 1234 (name)`.
    public var description: String {
        "process \(self.processID)" + (self.name.map { " (\($0.filter { !$0.isNewline }))" } ?? "")
    }

    /// Looks for who listens at a numeric address, or at all addresses, with this port; `nil` if that cannot be found.
    ///
    /// Reads `/proc`, which takes some milliseconds where there are many processes.
    public static func find(host: String, port: UInt16) -> PortOwner? {
        let everywhere = ["0.0.0.0", "::"].compactMap { NetworkAddress($0) }
        guard let address = NetworkAddress(host) else { return nil }
        var wanted: Set<SocketEnds> = []
        for local in everywhere + [address] {
            // A listening socket has no other end.
            for remote in everywhere {
                wanted.insert(
                    SocketEnds(localAddress: local, localPort: port, remoteAddress: remote, remotePort: 0))
            }
        }
        var searches: [UInt64: SocketSearch] = [:]
        for path in SocketTable.paths {
            guard let text = OpenDirectory.beginning(ofFileAt: path, bytes: SocketTable.maximumBytes) else { continue }
            for owner in SocketTable.owners(in: text, of: wanted).values where owner.inode != 0 {
                searches[owner.inode] = SocketSearch(userID: owner.userID, seenAtTicks: .max)
            }
        }
        guard !searches.isEmpty else { return nil }
        var finder = ProcessFinder()
        let found = finder.processes(having: searches).values.min { $0.processID < $1.processID }
        return found.map { PortOwner(processID: $0.processID, name: $0.name) }
    }
}
