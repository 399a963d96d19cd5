import Dispatch
import Logging
import ProxyCore
import Synchronization

/// Has log entries written without ever holding up the thread that logs: they wait in a bounded queue, and what does not
/// fit is counted and said once there is room again.
final class LogSink: Sendable {
    /// At most so many bytes wait, by ``LogRecord/size``.
    static let capacity = 4 << 20

    private struct State {
        var waitingBytes = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "kmi.log")
    private let writer: any LogWriter
    private let time: any TimeSource

    /// Makes a sink.
    ///
    /// - Parameters:
    ///   - writer: Writes what comes, on the sink's own thread.
    ///   - time: When it is told that something was dropped.
    init(writer: any LogWriter, time: any TimeSource) {
        self.writer = writer
        self.time = time
    }

    /// Takes an entry.
    func write(_ record: LogRecord) {
        let size = record.size
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
            self.writer.write(record)
            if dropped > 0 {
                self.writer.write(
                    LogRecord(
                        .warning, "log entries dropped", ["event": "log_dropped", "count": "\(dropped)"],
                        at: self.time.wallTime()))
            }
        }
    }

    /// Does something later, on the sink's own thread.
    func after(_ wait: Duration, _ body: @escaping @Sendable () -> Void) {
        self.queue.asyncAfter(deadline: .now() + max(0, wait.seconds), execute: body)
    }

    /// Waits until everything written so far is out, but no longer than a second.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        self.queue.async { done.signal() }
        _ = done.wait(timeout: .now() + 1)
    }
}
