import DBusKit
import Glibc
import Synchronization
import Threads

/// Reads the descriptors that callers pass, to their end.
///
/// A caller may take its time, and a pipe may never end. Each reading therefore has a thread of its own, at most
/// `slots` at once, and a deadline: no thread of the concurrency pool waits, and a slow pipe holds up nobody else.
final class DescriptorReader: Sendable {
    /// The argument of the call that the descriptors are, for refusals.
    let argument: String
    private let limit: Int
    private let deadline: Duration
    private let slots: Int
    private let taken = Mutex(0)

    init(_ argument: String, limit: Int, deadline: Duration, slots: Int) {
        self.argument = argument
        self.limit = limit
        self.deadline = deadline
        self.slots = slots
    }

    /// The readings that are under way.
    var readingsUnderWay: Int { self.taken.withLock { $0 } }

    /// Reads a pipe, a socket or a file from where it stands to its end, and lends the bytes to `take`, which runs on the
    /// thread of the reading; they are zeroed afterwards.
    ///
    /// A file that stands at its end, as one does that was just written, is read as a whole.
    ///
    /// Fails with `invalidArgument` for other kinds of descriptors, for nothing, for more than the limit, and for what
    /// does not end before the deadline; with `busy` if too many are being read.
    func read<Value: Sendable>(
        _ descriptor: OwnedDescriptor,
        _ take: @escaping @Sendable (UnsafeRawBufferPointer) throws(ControlFault) -> Value
    ) async throws(ControlFault) -> Value {
        let hasSlot = self.taken.withLock { taken in
            guard taken < self.slots else { return false }
            taken += 1
            return true
        }
        guard hasSlot else {
            throw ControlFault(.busy, "\(self.argument): too many of them are being read; try again in a few seconds")
        }
        let result: Result<Value, ControlFault> = await withCheckedContinuation { continuation in
            let failure = DetachedThread.start(named: "kmi-descriptor") {
                let result = Result<Value, ControlFault> { () throws(ControlFault) in
                    try self.readToEnd(descriptor, take)
                }
                self.taken.withLock { $0 -= 1 }
                continuation.resume(returning: result)
            }
            if failure != 0 {
                self.taken.withLock { $0 -= 1 }
                continuation.resume(
                    returning: .failure(ControlFault(.busy, "\(self.argument): there is no thread to read it with")))
            }
        }
        return try result.get()
    }

    private func readToEnd<Value>(
        _ owned: OwnedDescriptor, _ take: (UnsafeRawBufferPointer) throws(ControlFault) -> Value
    ) throws(ControlFault) -> Value {
        let result = owned.withDescriptor { descriptor in
            Result<Value, ControlFault> { () throws(ControlFault) in
                let source = try DescriptorSource(descriptor, argument: self.argument)
                defer { source.restore() }
                return try self.read(source, take)
            }
        }
        return try result.get()
    }

    private func read<Value>(
        _ source: DescriptorSource, _ take: (UnsafeRawBufferPointer) throws(ControlFault) -> Value
    ) throws(ControlFault) -> Value {
        let end = ContinuousClock.now.advanced(by: self.deadline)
        // One byte more than may come, to see that more has come.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: self.limit + 1, alignment: 1)
        var count = 0
        defer {
            // Nothing was ever written behind them.
            if let base = buffer.baseAddress { explicit_bzero(base, count) }
            buffer.deallocate()
        }
        while try source.waitUntilReadable(before: end) {
            switch try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])) {
            case .nothingYet: continue
            case .end:
                guard count > 0 else { throw self.refused("the descriptor holds nothing") }
                return try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            case .bytes(let more):
                count += more
                guard count <= self.limit else {
                    throw self.refused("the descriptor holds more than \(self.limit) bytes")
                }
            }
        }
        throw self.refused(
            "the descriptor did not come to its end within \(self.deadline); close its other end after writing")
    }

    private func refused(_ reason: String) -> ControlFault { DescriptorSource.refused(self.argument, reason) }
}
