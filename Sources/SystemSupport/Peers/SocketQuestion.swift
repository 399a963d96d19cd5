/// A question about one TCP socket to the kernel, and its answer, as `sock_diag(7)` lays them out.
///
/// Numbers stand in the order of this machine, ports and addresses in that of the network.
enum SocketQuestion {
    /// What the kernel says.
    enum Answer: Equatable, Sendable {
        /// The socket is this one's.
        case owner(SocketOwner)
        /// There is no such socket, or the kernel cannot tell about TCP sockets: it has one number for both.
        case absent
        /// It does not let us ask.
        case refused(errorNumber: Int32)
        /// The answer to something else, or none that can be read.
        case unreadable
    }

    /// `NETLINK_SOCK_DIAG`, the protocol of the socket that is asked through.
    static let netlinkProtocol: Int32 = 4
    /// No answer about one socket is longer, whatever the kernel adds to it.
    static let maximumAnswerBytes = 8_192

    private static let headerBytes = 16
    private static let socketIdentityBytes = 48
    /// `SOCK_DIAG_BY_FAMILY`.
    private static let messageType: UInt16 = 20
    /// `NLMSG_ERROR`.
    private static let errorType: UInt16 = 2
    /// `NLM_F_REQUEST` without `NLM_F_DUMP`: one socket, found by its ends, not all of them.
    private static let requestFlags: UInt16 = 1
    private static let version4Family: UInt8 = 2
    private static let version6Family: UInt8 = 10
    private static let protocolTCP: UInt8 = 6
    /// `ENOENT`.
    private static let noEntry: Int32 = 2

    /// The question about the socket whose local end is the local end of `ends`: `nlmsghdr`, `inet_diag_req_v2`.
    static func message(about ends: SocketEnds, sequence: UInt32) -> [UInt8] {
        let version4 = zip4(ends.localAddress.version4, ends.remoteAddress.version4)
        var body: [UInt8] = [version4 == nil ? self.version6Family : self.version4Family, self.protocolTCP, 0, 0]
        // All states: one that is closing has an owner still.
        body += self.bytes(UInt32.max)
        body += self.bytes(ends.localPort.bigEndian) + self.bytes(ends.remotePort.bigEndian)
        for address in [(version4?.0, ends.localAddress), (version4?.1, ends.remoteAddress)] {
            let shown = address.0.map(Array.init) ?? address.1.bytes
            body += shown + Array(repeating: 0, count: 16 - shown.count)
        }
        // Any interface; and no cookie (`INET_DIAG_NOCOOKIE`), which would name one socket among successors.
        body += self.bytes(UInt32(0)) + self.bytes(UInt32.max) + self.bytes(UInt32.max)
        let length = UInt32(self.headerBytes + body.count)
        return self.bytes(length) + self.bytes(self.messageType) + self.bytes(self.requestFlags) + self.bytes(sequence)
            + self.bytes(UInt32(0)) + body
    }

    /// Reads the answer to the question with this number about these ends: `nlmsghdr`, then `inet_diag_msg` or
    /// `nlmsgerr`.
    static func answer(_ message: [UInt8], to sequence: UInt32, about ends: SocketEnds) -> Answer {
        guard
            let length = self.number(UInt32.self, in: message, at: 0), length <= message.count,
            let type = self.number(UInt16.self, in: message, at: 4),
            self.number(UInt32.self, in: message, at: 8) == sequence
        else { return .unreadable }
        if type == self.errorType {
            guard let number = self.number(Int32.self, in: message, at: self.headerBytes) else { return .unreadable }
            return number == -self.noEntry ? .absent : .refused(errorNumber: 0 &- number)
        }
        let identity = self.headerBytes + 4
        let counters = identity + self.socketIdentityBytes
        guard
            type == self.messageType,
            let localPort = self.number(UInt16.self, in: message, at: identity),
            let remotePort = self.number(UInt16.self, in: message, at: identity + 2),
            let userID = self.number(UInt32.self, in: message, at: counters + 12),
            let inode = self.number(UInt32.self, in: message, at: counters + 16)
        else { return .unreadable }
        // Where there is no such connection the kernel answers with the listener of the port, if there is one.
        guard localPort == ends.localPort.bigEndian, remotePort == ends.remotePort.bigEndian else { return .absent }
        return .owner(SocketOwner(userID: userID, inode: UInt64(inode)))
    }

    private static func zip4(
        _ local: ArraySlice<UInt8>?, _ remote: ArraySlice<UInt8>?
    ) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        guard let local, let remote else { return nil }
        return (local, remote)
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }

    private static func number<Number: FixedWidthInteger>(_: Number.Type, in message: [UInt8], at place: Int) -> Number?
    {
        guard place >= 0, message.count - place >= MemoryLayout<Number>.size else { return nil }
        return message.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Number.self) }
    }
}
