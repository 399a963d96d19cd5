import TestSupport
import Testing

@testable import Daemon

/// Files that are read whole, whatever their size says.
struct BoundedFileTests {
    @Test func takesAsMuchMemoryAsTheFileNeeds() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("file", "some")
            let file = try BoundedFile.read(path, atMost: 1 << 20).get()
            #expect(file.bytes == Array("some".utf8))
            #expect(file.bytes.capacity < 4_096)
        }
    }

    @Test(
        "a file that tells no size is read to its end, up to the limit",
        arguments: ["/proc/self/status", "/proc/self/maps"])
    func readsFilesWithoutSize(path: String) throws {
        let file = try BoundedFile.read(path, atMost: 1 << 20).get()
        #expect(file.bytes.count > 100)
        #expect(file.bytes.last == UInt8(ascii: "\n"))
        guard case .failure(let failure) = BoundedFile.read(path, atMost: 100) else {
            Issue.record("more was read than is allowed")
            return
        }
        #expect(failure.reason == "is larger than 100 bytes")
    }
}
