import Testing

@testable import SystemSupport

@Suite("The kernel's table of sockets")
struct SocketTableTests {
    private let version4 = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 552 1 00000000d0cf
           1: 0100007F:CF76 0100007F:AC47 01 00000000:00000000 03:0000176E 00000000  1000        0 5435030 1 00000000
           2: 0100007F:AC47 0100007F:CF76 01 00000000:00000000 03:0000176E 00000000    33        0 5435031 1 00000000
        """
    private let version6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr
           0: 00000000000000000000000001000000:C001 00000000000000000000000001000000:1F90 01 00000000:00000000 00:0 0 1001 0 77 1
           1: 0000000000000000FFFF00000100007F:C002 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:0 0 1002 0 78 1
        """

    private func ends(_ local: String, _ localPort: UInt16, _ remote: String, _ remotePort: UInt16) throws -> SocketEnds
    {
        SocketEnds(
            localAddress: try #require(NetworkAddress(local)), localPort: localPort,
            remoteAddress: try #require(NetworkAddress(remote)), remotePort: remotePort)
    }

    @Test("finds the caller's end, not our own")
    func direction() throws {
        let caller = try self.ends("127.0.0.1", 0xCF76, "127.0.0.1", 0xAC47)
        let owners = SocketTable.owners(in: Array(self.version4.utf8), of: [caller])
        #expect(owners == [caller: SocketOwner(userID: 1000, inode: 5_435_030)])
    }

    @Test("finds IPv6, and the mapped form under its IPv4 address")
    func version6Rows() throws {
        let plain = try self.ends("::1", 0xC001, "::1", 8080)
        let mapped = try self.ends("127.0.0.1", 0xC002, "127.0.0.1", 8080)
        #expect(try mapped == self.ends("::ffff:127.0.0.1", 0xC002, "::ffff:127.0.0.1", 8080))
        let owners = SocketTable.owners(in: Array(self.version6.utf8), of: [plain, mapped])
        #expect(owners[plain] == SocketOwner(userID: 1001, inode: 77))
        #expect(owners[mapped] == SocketOwner(userID: 1002, inode: 78))
    }

    @Test(
        "passes over what it cannot read",
        arguments: [
            "", "\n", "heading only", "h\n 1: x y", "h\n1: 0100007F:CF76 0100007F 01 a b c 0 0 1 2",
            "h\n1: 0100007F:CF76 0100007F:AC47 01 a b c 4294967296 0 1 2",
            "h\n1: 0100007F:CF76 0100007F:AC47 01 a b c 1 0 99999999999999999999 2",
            "h\n1: 0100007F:1CF76 0100007F:AC47 01 a b c 1 0 1 2", "h\n1: 0100007:CF76 0100007F:AC47 01 a b c 1 0 1 2",
        ])
    func unreadable(text: String) throws {
        let caller = try self.ends("127.0.0.1", 0xCF76, "127.0.0.1", 0xAC47)
        #expect(SocketTable.owners(in: Array(text.utf8), of: [caller]).isEmpty)
    }

    @Test("takes numeric addresses only", arguments: ["", "localhost", "127.1", "::1%lo", "[::1]", "1.2.3.4.5"])
    func badAddress(text: String) {
        #expect(NetworkAddress(text) == nil)
    }
}
