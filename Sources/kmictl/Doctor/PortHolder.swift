/// Who listens on a port.
struct PortHolder: Equatable {
    /// The process; `nil` if it is another user's, whose descriptors nobody else sees.
    var process: Int32?
    /// The name of its program; empty if it is not known.
    var name: String
    /// The user that the socket belongs to, by name or number.
    var user: String

    /// Who it is, in words.
    var text: String {
        guard let process = self.process else { return "a process of the user \(self.user)" }
        return "\(self.name.isEmpty ? "a process" : self.name) (process \(process), user \(self.user))"
    }
}

/// A socket that listens, as `/proc/net/tcp` and `/proc/net/tcp6` tell it (proc(5)).
struct ListeningSocket: Equatable {
    /// The bytes of the address, four or sixteen, in the order of the network.
    var address: [UInt8]
    var port: UInt16
    var userID: UInt32
    var inode: UInt64

    /// The sockets of a table that listen; lines that are not understood are passed over.
    static func parse(_ table: String) -> [ListeningSocket] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            // 0A is TCP_LISTEN.
            guard fields.count > 9, fields[3] == "0A", let userID = UInt32(fields[7]), let inode = UInt64(fields[9])
            else { return nil }
            let place = fields[1].split(separator: ":")
            guard place.count == 2, let port = UInt16(place[1], radix: 16), let address = Self.bytes(place[0]) else {
                return nil
            }
            return ListeningSocket(address: address, port: port, userID: userID, inode: inode)
        }
    }

    /// Whether nobody else can listen on the port at 127.0.0.1: it is that address, or all of them.
    var takesLoopback: Bool {
        if self.address.allSatisfy({ $0 == 0 }) { return true }
        let loopback: [UInt8] = [127, 0, 0, 1]
        let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + loopback
        return self.address == loopback || self.address == mapped
    }

    /// Words of four bytes, each in the order of the machine, which is the other way round on all that are supported.
    private static func bytes(_ digits: Substring) -> [UInt8]? {
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
            rest = rest.dropFirst(8)
        }
        return bytes
    }
}
