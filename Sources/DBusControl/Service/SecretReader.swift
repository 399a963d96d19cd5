import DBusKit
import Glibc
import Synchronization

/// Reads secrets from the descriptors that callers pass, to their end.
///
/// A caller may take its time, and a pipe may never end. Each reading therefore has a thread of its own, at most
/// `slots` at once, and a deadline: no thread of the concurrency pool waits, and a slow pipe holds up nobody else.
final class SecretReader: Sendable {
    private let limit: Int
    private let deadline: Duration
    private let slots: Int
    private let taken = Mutex(0)

    init(limit: Int = 65_536, deadline: Duration = .seconds(10), slots: Int = 16) {
        self.limit = limit
        self.deadline = deadline
        self.slots = slots
    }

    /// The readings that are under way.
    var readingsUnderWay: Int { self.taken.withLock { $0 } }

    /// Reads a pipe, a socket or a file from where it stands to its end: one line of visible ASCII, whose line end is
    /// dropped.
    ///
    /// A file that stands at its end, as one does that was just written, is read as a whole.
    ///
    /// Fails with `invalidArgument` for other kinds of descriptors, for nothing, for anything but such a line, for more
    /// than the limit, and for what does not end before the deadline; with `busy` if too many are being read.
    func read(_ descriptor: OwnedDescriptor) async throws(ControlFault) -> SecretText {
        let hasSlot = self.taken.withLock { taken in
            guard taken < self.slots else { return false }
            taken += 1
            return true
        }
        guard hasSlot else { throw ControlFault(.busy, "too many secrets are being read; try again in a few seconds") }
        let result: Result<SecretText, ControlFault> = await withCheckedContinuation { continuation in
            let failure = DetachedThread.start {
                let result = Result<SecretText, ControlFault> { () throws(ControlFault) in
                    try self.readToEnd(descriptor)
                }
                self.taken.withLock { $0 -= 1 }
                continuation.resume(returning: result)
            }
            if failure != 0 {
                self.taken.withLock { $0 -= 1 }
                continuation.resume(returning: .failure(ControlFault(.busy, "no thread to read the secret with")))
            }
        }
        return try result.get()
    }

    private func readToEnd(_ owned: OwnedDescriptor) throws(ControlFault) -> SecretText {
        let result = owned.withDescriptor { descriptor in
            Result<SecretText, ControlFault> { () throws(ControlFault) in
                let source = try SecretSource(descriptor)
                defer { source.restore() }
                return try self.read(source)
            }
        }
        return try result.get()
    }

    private func read(_ source: SecretSource) throws(ControlFault) -> SecretText {
        let end = ContinuousClock.now.advanced(by: self.deadline)
        // One byte more than may come, to see that more has come.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: self.limit + 1, alignment: 1)
        defer {
            if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
            buffer.deallocate()
        }
        var count = 0
        while try source.waitUntilReadable(before: end) {
            switch try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])) {
            case .nothingYet: continue
            case .end:
                return SecretText(bytes: try Self.line(UnsafeRawBufferPointer(rebasing: buffer[..<count])))
            case .bytes(let more):
                count += more
                guard count <= self.limit else {
                    throw SecretSource.refused("the descriptor holds more than \(self.limit) bytes")
                }
            }
        }
        throw SecretSource.refused(
            "the descriptor did not come to its end within \(self.deadline); close its other end after the secret")
    }

    /// The bytes without their line end; what they are is never repeated.
    private static func line(_ bytes: UnsafeRawBufferPointer) throws(ControlFault) -> UnsafeRawBufferPointer {
        var line = bytes[...]
        if line.last == UInt8(ascii: "\n") {
            line = line.dropLast()
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        }
        guard !line.isEmpty else { throw SecretSource.refused("the descriptor holds nothing") }
        // A NUL, a second line or a space would cut or change the header that the secret becomes a part of.
        guard line.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SecretSource.refused("expected one line of visible ASCII")
        }
        return UnsafeRawBufferPointer(rebasing: line)
    }
}
