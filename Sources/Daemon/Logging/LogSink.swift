import Dispatch
import Logging
import ProxyCore
import Synchronization

/// Has log entries written without ever holding up the thread that logs: they wait in a bounded queue, and what does not
/// fit is counted and said once there is room again.
final class LogSink: Sendable {
    /// At most so many bytes wait, by ``LogRecord/size``.
    static let capacity = 4 << 20
    /// About so many are handed to the writer at a time; then there is room for as many again.
    private static let sliceBytes = 64 << 10
    /// For so long the lines of requests wait for company: waking the thread costs more than a line.
    private static let gathering = DispatchTimeInterval.milliseconds(10)

    private struct State {
        var waiting: [LogRecord] = []
        var waitingBytes = 0
        var dropped = 0
        /// How soon the thread will look; `nil` if nothing waits.
        var wake: Wake?
    }

    private enum Wake { case atOnce, later }

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
        // The thread is woken once; what comes until it is there goes with it.
        let wake: Wake? = self.state.withLock { state in
            guard state.waitingBytes + size <= Self.capacity else {
                state.dropped += 1
                return nil
            }
            state.waitingBytes += size
            state.waiting.append(record)
            let wanted: Wake = record.event == "request" && state.waitingBytes < Self.sliceBytes ? .later : .atOnce
            guard state.wake == nil || (state.wake == .later && wanted == .atOnce) else { return nil }
            state.wake = wanted
            return wanted
        }
        switch wake {
        case .atOnce: self.queue.async { self.writeWaiting() }
        case .later: self.queue.asyncAfter(deadline: .now() + Self.gathering) { self.writeWaiting() }
        case nil: break
        }
    }

    /// Writes what waits.
    ///
    /// What comes meanwhile has its own turn, behind whatever else waits for the thread by then.
    private func writeWaiting() {
        let (records, dropped) = self.state.withLock { state in
            defer { (state.waiting, state.dropped, state.wake) = ([], 0, nil) }
            return (state.waiting, state.dropped)
        }
        var rest = records[...]
        while !rest.isEmpty {
            var (end, size) = (rest.startIndex, 0)
            while end < rest.endIndex, size < Self.sliceBytes {
                size += rest[end].size
                end += 1
            }
            self.writer.write(rest[..<end])
            rest = rest[end...]
            // They have taken room until now.
            self.state.withLock { $0.waitingBytes -= size }
        }
        self.tell(dropped: dropped)
        // While these were written there was no room, and nothing may follow that would tell.
        self.tell(
            dropped: self.state.withLock { state in
                guard state.waiting.isEmpty else { return 0 }
                defer { state.dropped = 0 }
                return state.dropped
            })
    }

    private func tell(dropped: Int) {
        guard dropped > 0 else { return }
        self.writer.write(
            LogRecord(
                .warning, "log entries dropped", ["event": "log_dropped", "count": "\(dropped)"],
                at: self.time.wallTime()))
    }

    /// Does something later, on the sink's own thread.
    func after(_ wait: Duration, _ body: @escaping @Sendable () -> Void) {
        self.queue.asyncAfter(deadline: .now() + max(0, wait.seconds), execute: body)
    }

    /// Waits until everything written so far is out, but no longer than a second.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        self.queue.async {
            self.writeWaiting()
            done.signal()
        }
        _ = done.wait(timeout: .now() + 1)
    }
}
