import Glibc
import SystemSupport
import Testing

struct UnusedMemoryTests {
    /// Resident bytes that belong to no file: what memory that is allocated is made of.
    private static func anonymousBytes() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        try #require(fgets(&line, CInt(line.count), file) != nil)
        // proc_pid_statm(5): size, resident, shared, all in pages.
        let fields = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.split(separator: UInt8(ascii: " "))
            .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        try #require(fields.count > 2)
        return (fields[1] - fields[2]) * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test("pages between blocks that are in use go back to the kernel, and the blocks stay as they are")
    func givesBackPages() throws {
        let (count, size) = (1 << 16, 1_000)
        var blocks: [UnsafeMutableRawPointer] = []
        for number in 0..<count {
            let block = try #require(malloc(size))
            memset(block, CInt(number / 64 % 251), size)
            blocks.append(block)
        }
        // One of 64 stays, the last one among them, so that what is free lies between blocks and not behind them.
        for number in 0..<count where number % 64 != 63 { free(blocks[number]) }
        let before = try Self.anonymousBytes()
        UnusedMemory.giveBack()
        let after = try Self.anonymousBytes()
        // Others allocate meanwhile; 62 MiB were freed.
        #expect(before - after > 32 << 20)
        for number in stride(from: 63, to: count, by: 64) {
            let bytes = UnsafeRawBufferPointer(start: blocks[number], count: size)
            #expect(bytes.allSatisfy { $0 == UInt8(number / 64 % 251) })
            free(blocks[number])
        }
    }
}
