import Testing

@testable import SystemSupport

@Suite("Questions about sockets")
struct SocketQuestionTests {
    private let ends: SocketEnds

    init() throws {
        let address = try #require(NetworkAddress("127.0.0.1"))
        self.ends = SocketEnds(localAddress: address, localPort: 0xCF76, remoteAddress: address, remotePort: 0xAC47)
    }

    // As a Linux 6 answered to question 7 about the socket of user 1000 with the inode 5435030.
    private static let recorded = bytes(
        """
        7c000000 1400 0000 07000000 43660000
        02010000 cf76ac47 7f000001 00000000 00000000 00000000 7f000001 00000000 00000000 00000000
        00000000 61000000 00000000 00000000 00000000 00000000 e8030000 96ee5200
        0500080000000000 08000f0000000000 0c00150001000000 00000000 0600160052000000
        """)

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = text.filter(\.isHexDigit)
        return stride(from: 0, to: digits.count, by: 2).compactMap { place in
            UInt8(digits.dropFirst(place).prefix(2), radix: 16)
        }
    }

    @Test("asks about one socket by its ends")
    func message() {
        #expect(
            SocketQuestion.message(about: self.ends, sequence: 7)
                == Self.bytes(
                    """
                    48000000 1400 0100 07000000 00000000 02060000 ffffffff
                    cf76ac47 7f000001 00000000 00000000 00000000 7f000001 00000000 00000000 00000000
                    00000000 ffffffff ffffffff
                    """))
    }

    @Test("asks about IPv6 in its own family")
    func version6() throws {
        var ends = self.ends
        ends.localAddress = try #require(NetworkAddress("::1"))
        ends.remoteAddress = try #require(NetworkAddress("::1"))
        let message = SocketQuestion.message(about: ends, sequence: 1)
        #expect(message.count == 72)
        #expect(message[16] == 10)
        #expect(message[28..<44] == ends.localAddress.bytes[...])
        #expect(message[44..<60] == ends.remoteAddress.bytes[...])
    }

    @Test("reads the user and the inode")
    func owner() {
        let answer = SocketQuestion.answer(Self.recorded, to: 7, about: self.ends)
        #expect(answer == .owner(SocketOwner(userID: 1000, inode: 5_435_030)))
    }

    @Test("takes the listener that stands in for a connection that is gone for none")
    func listener() {
        var ends = self.ends
        ends.remotePort = 1
        #expect(SocketQuestion.answer(Self.recorded, to: 7, about: ends) == .absent)
    }

    @Test("tells what is not there from what is not allowed")
    func errors() {
        let absent = Self.bytes("24000000 0200 0000 07000000 00000000 feffffff 00000000")
        // The length says more than there is.
        #expect(SocketQuestion.answer(absent, to: 7, about: self.ends) == .unreadable)
        let whole = Self.bytes("18000000 0200 0000 07000000 00000000 feffffff 00000000")
        #expect(SocketQuestion.answer(whole, to: 7, about: self.ends) == .absent)
        let refused = Self.bytes("18000000 0200 0000 07000000 00000000 ffffffff 00000000")
        #expect(SocketQuestion.answer(refused, to: 7, about: self.ends) == .refused(errorNumber: 1))
        #expect(SocketQuestion.answer(whole, to: 8, about: self.ends) == .unreadable)
    }

    @Test("survives an answer cut at any byte")
    func cut() {
        for count in 0..<Self.recorded.count {
            #expect(SocketQuestion.answer(Array(Self.recorded.prefix(count)), to: 7, about: self.ends) == .unreadable)
        }
    }
}
