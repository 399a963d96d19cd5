import Logging
import ProxyCore
import Synchronization
import SystemSupport

/// Writes entries to the systemd journal, each of their data as a field of its own; to standard error as long as the journal
/// does not take them.
final class JournalWriter: LogWriter {
    private let socket: JournalSocket
    private let fallback: LineWriter
    private let time: any TimeSource
    private let reach = Mutex(JournalReach())

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - socket: The way to the journal.
    ///   - fallback: Where entries go that the journal does not take.
    ///   - time: When it is told of that.
    init(socket: JournalSocket = JournalSocket(), fallback: LineWriter, time: any TimeSource) {
        self.socket = socket
        self.fallback = fallback
        self.time = time
    }

    var target: LogTarget { self.reach.withLock { $0.isReached } ? .journal : self.fallback.target }

    func write(_ record: LogRecord) {
        // Whoever was waited for in vain once is not waited for with every entry.
        let waits = self.reach.withLock { $0.isReached }
        do throws(JournalSocket.Failure) {
            try self.socket.send(JournalEntry(record), waits: waits)
            guard let strayed = self.reach.withLock({ $0.succeeded() }) else { return }
            self.write(
                LogRecord(
                    .notice, "the journal takes entries again",
                    ["event": "journal_reached", "count": "\(strayed)"], at: self.time.wallTime()))
        } catch {
            if self.reach.withLock({ $0.failed() }) {
                self.fallback.write(
                    LogRecord(
                        .warning, "the journal does not take entries, they go to standard error",
                        ["event": "journal_unreachable", "reason": "\(error)"], at: self.time.wallTime()))
            }
            self.fallback.write(record)
        }
    }
}

/// Whether the journal takes entries, and how many it did not.
struct JournalReach: Sendable, Equatable {
    private var strayed = 0

    /// Whether the last entry was taken; at first it is assumed.
    var isReached: Bool { self.strayed == 0 }

    /// An entry was not taken; whether it is the first one.
    mutating func failed() -> Bool {
        self.strayed += 1
        return self.strayed == 1
    }

    /// An entry was taken; how many were not just before it, `nil` if that was none.
    mutating func succeeded() -> Int? {
        defer { self.strayed = 0 }
        return self.strayed > 0 ? self.strayed : nil
    }
}
