import Foundation
import Logging
import ProxyCore
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Daemon

/// What becomes of entries between the loggers and where they are written.
@Suite(.timeLimit(.minutes(5)))
struct LogOutputTests {
    /// Keeps what it is given, so many entries of it; then it holds everybody up.
    private final class Keeper: LogWriter {
        private let records = Mutex<[LogRecord]>([])
        private let gate = NSCondition()
        private let allowed = Mutex(Int.max)

        var target: LogTarget { .console }
        var all: [LogRecord] { self.records.withLock { $0 } }

        func write(_ record: LogRecord) {
            self.gate.lock()
            while self.all.count >= self.allowed.withLock({ $0 }) { self.gate.wait() }
            self.gate.unlock()
            self.records.withLock { $0.append(record) }
        }

        func allow(_ count: Int) {
            self.gate.lock()
            self.allowed.withLock { $0 = count }
            self.gate.broadcast()
            self.gate.unlock()
        }
    }

    @Test("the same warning of a key is limited, and it is told how many were held back, at the latest at the end")
    func limits() {
        let (keeper, clock) = (Keeper(), ManualClock())
        let output = LogOutput(keeper, level: .info, time: clock)
        let logger = output.logger(label: "test")
        for _ in 0..<25 { logger.warning("cut", metadata: ["event": "stream_cut", "key": "alpha"]) }
        logger.warning("cut", metadata: ["event": "stream_cut", "key": "beta"])
        for _ in 0..<50 { logger.info("request", metadata: ["event": "request", "key": "alpha"]) }
        clock.advance(by: .seconds(61))
        logger.error("other", metadata: ["event": "state_lost"])
        output.flush()
        let records = keeper.all
        #expect(records.count { $0.event == "stream_cut" && $0["key"] == "alpha" } == 10)
        #expect(records.count { $0.event == "stream_cut" && $0["key"] == "beta" } == 1)
        #expect(records.count { $0.event == "request" } == 50)
        let told = records.filter { $0.event == "log_suppressed" }
        #expect(told.count == 1 && told.first?.level == .warning)
        #expect(
            told.first?["suppressed"] == "stream_cut" && told.first?["key"] == "alpha" && told.first?["count"] == "15")
        for _ in 0..<12 { logger.error("other", metadata: ["event": "state_lost"]) }
        output.flush()
        #expect(keeper.all.last?.event == "log_suppressed" && keeper.all.last?.level == .error)
    }

    @Test("what was held back is told when the interval ends, although nothing follows")
    func tellsByItself() async throws {
        let keeper = Keeper()
        let output = LogOutput(keeper, level: .info, limits: LogLimiter.Terms(burst: 1, interval: .milliseconds(20)))
        let logger = output.logger(label: "test")
        while keeper.all.count(where: { $0.event == "x" }) < 1 { logger.warning("m", metadata: ["event": "x"]) }
        for _ in 0..<5 { logger.warning("m", metadata: ["event": "x"]) }
        try await eventually("it is told") { keeper.all.contains { $0.event == "log_suppressed" } }
    }

    @Test("while nothing is written nobody waits, the queue stays bounded, and what is dropped is counted (T-030)")
    func dropsAndCounts() throws {
        let keeper = Keeper()
        let output = LogOutput(keeper, level: .info)
        let logger = output.logger(label: "test")
        keeper.allow(0)
        let text = String(repeating: "x", count: 10_000)
        let count = 1_000
        for _ in 0..<count { logger.info("m", metadata: ["event": "request", "text": "\(text)"]) }
        keeper.allow(.max)
        output.flush()
        let written = keeper.all.count { $0.event == "request" }
        #expect(written < count && written * 10_000 <= LogSink.capacity)
        let dropped = keeper.all.compactMap { $0.event == "log_dropped" ? $0["count"].flatMap(Int.init) : nil }
        #expect(dropped.reduce(0, +) + written == count)
    }

    @Test("what is written makes room while the rest of what came with it is not written yet")
    func makesRoom() async throws {
        let keeper = Keeper()
        let output = LogOutput(keeper, level: .info)
        let logger = output.logger(label: "test")
        keeper.allow(0)
        let text = String(repeating: "x", count: 10_000)
        func write(_ count: Int, _ event: String) {
            for _ in 0..<count { logger.info("m", metadata: ["event": "\(event)", "text": "\(text)"]) }
        }
        write(1_000, "request")
        // Half of what fits.
        keeper.allow(200)
        try await eventually("half of it is written") { keeper.all.count == 200 }
        write(50, "later")
        keeper.allow(.max)
        output.flush()
        #expect(keeper.all.count { $0.event == "later" } == 50)
    }

    @Test("the lines of requests wait for others, and go with the next line of another kind, in order")
    func gathers() async throws {
        let keeper = Keeper()
        let output = LogOutput(keeper, level: .info)
        let logger = output.logger(label: "test")
        for number in 0..<3 {
            logger.info("m", metadata: ["event": "request", "number": "\(number)"])
            logger.info("m", metadata: ["event": "listening", "number": "\(number)"])
        }
        try await eventually("all are written") { keeper.all.count == 6 }
        #expect(keeper.all.map { $0["number"] } == ["0", "0", "1", "1", "2", "2"])
        logger.info("m", metadata: ["event": "request", "number": "3"])
        try await eventually("the last is written, though nothing follows") { keeper.all.count == 7 }
    }

    @Test("a pipe that is full and must not block loses no line")
    func waitsForRoom() async throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
        let output = LogOutput(LineWriter(.json, descriptor: descriptor), level: .info)
        let text = String(repeating: "x", count: 1_000)
        let logger = output.logger(label: "test")
        for number in 0..<200 { logger.info("m", metadata: ["number": "\(number)", "text": "\(text)"]) }
        let lines = try await onOwnThread {
            var read = Data()
            let source = pipe.fileHandleForReading
            var wanted = pollfd(fd: source.fileDescriptor, events: Int16(POLLIN), revents: 0)
            while read.count(where: { $0 == 0x0A }) < 200, poll(&wanted, 1, 10_000) == 1 {
                read += source.availableData
            }
            return String(decoding: read, as: UTF8.self).split(separator: "\n")
        }
        #expect(lines.count == 200)
        for (number, line) in lines.enumerated() { #expect(line.contains("\"number\":\"\(number)\"")) }
    }

    @Test("an error without an event has one, and one that comes as an error has its text (A-018)")
    func namesErrors() {
        struct Fault: Error, CustomStringConvertible { let description = "the fault" }
        let keeper = Keeper()
        let output = LogOutput(keeper, level: .info)
        let logger = output.logger(label: "test")
        logger.error("broken", error: Fault())
        logger.warning("no event is needed here")
        logger.critical("named", metadata: ["event": "failed"])
        output.flush()
        #expect(keeper.all.map(\.event) == ["internal_error", nil, "failed"])
        #expect(keeper.all.first?["error"] == "the fault")
        #expect(keeper.all.first?.place.file == "DaemonTests/LogOutputTests.swift")
        #expect(keeper.all.first?.place.function == "namesErrors()")
    }

    @Test(
        "what the journal does not take goes to standard error, with a notice at the first and when it takes them again"
    )
    func fallsBack() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("s")
            try directory.write("error", "")
            let descriptor = open(directory.path("error"), O_WRONLY | O_APPEND | O_CLOEXEC)
            defer { close(descriptor) }
            let writer = JournalWriter(
                socket: JournalSocket(path: path),
                fallback: LineWriter(.json, descriptor: descriptor, tellsPriority: true), time: SystemTime())
            #expect(writer.target == .journal)
            let record = LogRecord(.error, "m", ["event": "failed", "key": "alpha"], at: SystemTime().wallTime())
            writer.write(record)
            writer.write(record)
            #expect(writer.target == .console)
            let lines = try String(contentsOfFile: directory.path("error"), encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines.first?.hasPrefix("<4>{") == true && lines.first?.contains("journal_unreachable") == true)
            #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("<3>{") && $0.contains(#""event":"failed""#) })

            let journal = try NotifySocket(at: path)
            writer.write(record)
            #expect(writer.target == .journal)
            #expect(try journal.receive(within: .seconds(5))?.contains("KMI_EVENT=failed") == true)
            let notice = try #require(try journal.receive(within: .seconds(5)))
            #expect(notice.contains("KMI_EVENT=journal_reached") && notice.contains("KMI_COUNT=2"))
            #expect(
                try String(contentsOfFile: directory.path("error"), encoding: .utf8).split(separator: "\n").count == 3)
        }
    }
}
