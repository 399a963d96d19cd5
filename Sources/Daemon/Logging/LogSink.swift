import Dispatch
import Foundation
import Synchronization

/// Writes log lines to standard error without ever holding up the thread that logs: lines wait in a bounded queue, and
/// what does not fit is counted and said once there is room again.
final class LogSink: Sendable {
    /// At most so many bytes wait.
    static let capacity = 4 << 20

    private struct State {
        var waitingBytes = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "kmi.log")
    private let descriptor: Int32
    private let describesDrops: @Sendable (Int) -> String

    /// Makes a sink.
    ///
    /// - Parameters:
    ///   - descriptor: Where the lines go.
    ///   - describesDrops: The line that tells how many lines were dropped.
    init(descriptor: Int32 = STDERR_FILENO, describesDrops: @escaping @Sendable (Int) -> String) {
        self.descriptor = descriptor
        self.describesDrops = describesDrops
    }

    /// Takes a line, without its end.
    func write(_ line: String) {
        let size = line.utf8.count + 1
        let fits = self.state.withLock { state in
            guard state.waitingBytes + size <= Self.capacity else {
                state.dropped += 1
                return false
            }
            state.waitingBytes += size
            return true
        }
        guard fits else { return }
        self.queue.async {
            let dropped = self.state.withLock { state in
                state.waitingBytes -= size
                defer { state.dropped = 0 }
                return state.dropped
            }
            self.put(line)
            if dropped > 0 { self.put(self.describesDrops(dropped)) }
        }
    }

    /// Waits until everything written so far is out, but no longer than a second.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        self.queue.async { done.signal() }
        _ = done.wait(timeout: .now() + 1)
    }

    private func put(_ line: String) {
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(self.descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                // Standard error is gone: there is nobody left to tell.
                return
            }
        }
    }
}
