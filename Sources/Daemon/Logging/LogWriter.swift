import Foundation
import Logging

/// Writes entries of the log; it may take its time, since the sink calls it on a thread of its own.
protocol LogWriter: Sendable {
    /// Where entries go, at present.
    var target: LogTarget { get }

    /// Writes an entry, after the one before.
    func write(_ record: LogRecord)

    /// Writes entries that came together, in their order; there is never more of them than is worth one call of the system.
    func write(_ records: ArraySlice<LogRecord>)
}

extension LogWriter {
    func write(_ records: ArraySlice<LogRecord>) {
        for record in records { self.write(record) }
    }
}

/// Writes each entry as one line to a descriptor.
struct LineWriter: LogWriter {
    let style: LogStyle
    let target: LogTarget
    private let descriptor: Int32
    private let tellsPriority: Bool

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - style: How the lines look.
    ///   - target: Where they go.
    ///   - descriptor: By which way.
    ///   - tellsPriority: Whether each line begins with its level as the journal's streams understand it (sd-daemon(3)).
    init(
        _ style: LogStyle, target: LogTarget = .console, descriptor: Int32 = STDERR_FILENO, tellsPriority: Bool = false
    ) {
        self.style = style
        self.target = target
        self.descriptor = descriptor
        self.tellsPriority = tellsPriority
    }

    func write(_ record: LogRecord) {
        self.write([record][...])
    }

    func write(_ records: ArraySlice<LogRecord>) {
        var lines: [UInt8] = []
        for record in records {
            if self.tellsPriority { lines += "<\(record.level.syslogPriority)>".utf8 }
            lines += LogLine(style: self.style).render(record)
            lines.append(0x0A)
        }
        self.write(lines)
    }

    private func write(_ lines: [UInt8]) {
        var bytes = lines[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(self.descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody who shares the pipe has made it non-blocking; it is full, and waited for all the same.
                var room = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&room, 1, -1)
            } else if errno != EINTR {
                // Standard error is gone: there is nobody left to tell.
                return
            }
        }
    }
}
