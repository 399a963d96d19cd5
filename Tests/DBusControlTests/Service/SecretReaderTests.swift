import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// Secrets from descriptors (K-009).
@Suite(.timeLimit(.minutes(5)))
struct SecretReaderTests {
    private func text(_ bytes: [UInt8]) async throws -> String {
        let secret = try await SecretReader().read(try Pipe.closed(bytes).reading)
        return secret.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: ["sk-1234", "sk-1234\n", "sk-1234\r\n"])
    func readsALineAndDropsItsEnd(text: String) async throws {
        #expect(try await self.text(Array(text.utf8)) == "sk-1234")
    }

    @Test func readsAsMuchAsMayCome() async throws {
        let longest = [UInt8](repeating: UInt8(ascii: "k"), count: 65_536)
        #expect(try await self.text(longest).utf8.count == 65_536)
    }

    @Test(arguments: [
        ("", "secret: the descriptor holds nothing"), ("\n", "secret: the descriptor holds nothing"),
        ("sk-\0planted", "secret: expected one line of visible ASCII"),
        ("sk-planted\nX-Header: 1", "secret: expected one line of visible ASCII"),
        ("sk-planted\n\n", "secret: expected one line of visible ASCII"),
        ("sk-planted\r", "secret: expected one line of visible ASCII"),
        ("sk planted", "secret: expected one line of visible ASCII"),
        ("sk-plänted", "secret: expected one line of visible ASCII"),
    ])
    func refusesWhatIsNoLineAndDoesNotRepeatIt(text: String, message: String) async throws {
        let fault = await #expect(throws: ControlFault.self) { try await self.text(Array(text.utf8)) }
        #expect(fault == ControlFault(.invalidArgument, message))
    }

    @Test func refusesMoreThanMayCome() async throws {
        let pipe = try Pipe.closed([UInt8](repeating: UInt8(ascii: "k"), count: 17))
        let fault = await #expect(throws: ControlFault.self) { try await SecretReader(limit: 16).read(pipe.reading) }
        #expect(fault == ControlFault(.invalidArgument, "secret: the descriptor holds more than 16 bytes"))
    }

    @Test func refusesAPipeThatDoesNotEnd() async throws {
        let pipe = try Pipe(Array("sk-planted\n".utf8))
        let reader = SecretReader(deadline: .milliseconds(50))
        let fault = await #expect(throws: ControlFault.self) { try await reader.read(pipe.reading) }
        #expect(fault?.code == .invalidArgument)
        #expect(fault?.message.contains("did not come to its end") == true)
        #expect(reader.readingsUnderWay == 0)
        pipe.close()
    }

    @Test func aSlowPipeHoldsUpNobodyButTakesASlot() async throws {
        let slow = try Pipe()
        let reader = SecretReader(slots: 1)
        let first = Task { try await reader.read(slow.reading) }
        try await eventually("the reading is under way") { reader.readingsUnderWay == 1 }
        let other = try Pipe.closed("sk-other")
        let fault = await #expect(throws: ControlFault.self) { try await reader.read(other.reading) }
        #expect(fault?.code == .busy)
        slow.close()
        let end = await #expect(throws: ControlFault.self) { try await first.value }
        #expect(end?.message == "secret: the descriptor holds nothing")
        #expect(reader.readingsUnderWay == 0)
    }

    @Test func readsAFileFromWhereItStands() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("key", "skip:sk-file\n")
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            #expect(lseek(descriptor, 5, SEEK_SET) == 5)
            let secret = try await SecretReader().read(OwnedDescriptor(owning: descriptor))
            #expect(secret.withBytes { String(decoding: $0, as: UTF8.self) } == "sk-file")
        }
    }

    @Test func readsAllOfAFileThatWasJustWritten() async throws {
        try await TemporaryDirectory.with { directory in
            let descriptor = open(try directory.write("key", ""), O_RDWR | O_CLOEXEC)
            #expect(write(descriptor, "sk-written\n", 11) == 11)
            let secret = try await SecretReader().read(OwnedDescriptor(owning: descriptor))
            #expect(secret.withBytes { String(decoding: $0, as: UTF8.self) } == "sk-written")
        }
    }

    @Test func readsASocket() async throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        #expect(write(ends[1], "sk-socket", 9) == 9)
        close(ends[1])
        let secret = try await SecretReader().read(OwnedDescriptor(owning: ends[0]))
        #expect(secret.withBytes { String(decoding: $0, as: UTF8.self) } == "sk-socket")
    }

    @Test(arguments: ["/", "/dev/null", "/dev/zero"])
    func refusesDirectoriesAndDevices(path: String) async {
        let descriptor = OwnedDescriptor(owning: open(path, O_RDONLY | O_CLOEXEC))
        let fault = await #expect(throws: ControlFault.self) { try await SecretReader().read(descriptor) }
        #expect(fault == ControlFault(.invalidArgument, "secret: expected a pipe, a socket or a file"))
    }

    @Test func refusesWhatCannotBeRead() async throws {
        try await TemporaryDirectory.with { directory in
            let descriptor = open(try directory.write("key", "sk"), O_WRONLY | O_CLOEXEC)
            let fault = await #expect(throws: ControlFault.self) {
                try await SecretReader().read(OwnedDescriptor(owning: descriptor))
            }
            #expect(fault == ControlFault(.invalidArgument, "secret: the descriptor is not open for reading"))
        }
    }

    @Test func aPipeHasItsFlagsAgainAfterwards() async throws {
        let pipe = try Pipe.closed("sk-flags")
        _ = try await SecretReader().read(pipe.reading)
        #expect(pipe.reading.withDescriptor { fcntl($0, F_GETFL) & O_NONBLOCK } == 0)
    }

    @Test func aTokenIsReadFromAPipeToItsEnd() throws {
        let descriptor = try TokenPipe().filled(with: SecretText(bytes: Array("kmi_token".utf8)))
        descriptor.withDescriptor { pipe in
            var bytes = [UInt8](repeating: 0, count: 64)
            #expect(read(pipe, &bytes, bytes.count) == 9)
            #expect(String(decoding: bytes.prefix(9), as: UTF8.self) == "kmi_token")
            #expect(read(pipe, &bytes, bytes.count) == 0)
        }
    }

    @Test func aTokenThatAPipeMayNotTakeAtOnceIsRefused() throws {
        let token = SecretText(bytes: [UInt8](repeating: 0x61, count: 4097))
        #expect(throws: ControlFault.self) { try TokenPipe().filled(with: token) }
    }
}
