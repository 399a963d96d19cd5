/// The text of `/proc/net/tcp` and `/proc/net/tcp6` (proc_pid_net(5)): one line for each socket after a heading.
enum SocketTable {
    /// The files, read once each for all that is looked for.
    static let paths = ["/proc/net/tcp", "/proc/net/tcp6"]
    /// How much of a file is read: some 50,000 sockets.
    static let maximumBytes = 8 << 20

    /// The owners of those sockets that are looked for.
    ///
    /// Lines that cannot be read are passed over.
    static func owners(in text: [UInt8], of wanted: Set<SocketEnds>) -> [SocketEnds: SocketOwner] {
        var owners: [SocketEnds: SocketOwner] = [:]
        for line in text.split(separator: 0x0A).dropFirst() {
            guard let (ends, owner) = self.row(line), wanted.contains(ends) else { continue }
            owners[ends] = owner
        }
        return owners
    }

    /// `0: 0100007F:1F90 0100007F:B3C2 01 … … … 1000 0 54321 …`: local and remote end, state, queues, timer,
    /// retransmissions, user, timeout, inode.
    private static func row(_ line: ArraySlice<UInt8>) -> (SocketEnds, SocketOwner)? {
        let fields = line.split(separator: 0x20, maxSplits: 10)
        guard
            fields.count > 9,
            let local = self.end(fields[1]), let remote = self.end(fields[2]),
            let userID = UInt64(tableDecimal: fields[7]).flatMap(UInt32.init(exactly:)),
            let inode = UInt64(tableDecimal: fields[9])
        else { return nil }
        let ends = SocketEnds(
            localAddress: local.0, localPort: local.1, remoteAddress: remote.0, remotePort: remote.1)
        return (ends, SocketOwner(userID: userID, inode: inode))
    }

    private static func end(_ field: ArraySlice<UInt8>) -> (NetworkAddress, UInt16)? {
        guard
            let colon = field.firstIndex(of: 0x3A),
            let address = NetworkAddress(tableText: field[..<colon]),
            let port = UInt32(tableHexadecimal: field[(colon + 1)...]).flatMap(UInt16.init(exactly:))
        else { return nil }
        return (address, port)
    }
}
