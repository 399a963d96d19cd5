import Logging
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

/// Repeated entries are limited by what they are about, in virtual time.
struct LogLimiterTests {
    /// A limiter that expectations may change.
    private final class Subjected {
        private var limiter: LogLimiter

        init(_ terms: LogLimiter.Terms = LogLimiter.Terms()) { self.limiter = LogLimiter(terms) }

        var nextEnd: Instant? { self.limiter.nextEnd }

        func admit(_ subject: LogLimiter.Subject, _ level: Logger.Level, at now: Instant) -> Bool {
            self.limiter.admit(subject, level, at: now)
        }

        func ended(at now: Instant) -> [LogLimiter.Held] { self.limiter.ended(at: now) }

        func close() -> [LogLimiter.Held] { self.limiter.close() }
    }

    private static func subject(_ event: String, _ things: Logger.Metadata = [:]) throws -> LogLimiter.Subject {
        let record = LogRecord(
            .warning, "m", things.merging(["event": "\(event)"]) { $1 }, at: WallTime(microseconds: 0))
        return try #require(LogLimiter.Subject(record))
    }

    private static func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64(seconds * 1_000_000_000))
    }

    @Test("a key's entries are held back after ten in a minute, and another key's pass meanwhile (A-018)")
    func limitsByKey() throws {
        let limiter = Subjected()
        let alpha = try Self.subject("stream_cut", ["key": "alpha"])
        let beta = try Self.subject("stream_cut", ["key": "beta"])
        let written = (0..<1_000).count { limiter.admit(alpha, .warning, at: Self.at(Double($0) * 0.01)) }
        #expect(written == 10)
        #expect(limiter.admit(beta, .warning, at: Self.at(11)))
        #expect(try limiter.admit(Self.subject("state_lost", ["key": "alpha"]), .error, at: Self.at(11)))
        #expect(limiter.nextEnd == Self.at(60))
        #expect(limiter.ended(at: Self.at(59.9)).isEmpty)
        #expect(limiter.ended(at: Self.at(60)) == [LogLimiter.Held(subject: alpha, level: .warning, count: 990)])
        #expect(limiter.ended(at: Self.at(60)).isEmpty && limiter.nextEnd == nil)
        #expect(limiter.admit(alpha, .warning, at: Self.at(60)))
    }

    @Test("one background job that fails leaves room for another one")
    func limitsByJob() throws {
        let limiter = Subjected()
        let memory = try Self.subject("job_failed", ["job": "memory"])
        for _ in 0..<100 { _ = limiter.admit(memory, .warning, at: Self.at(0)) }
        #expect(try limiter.admit(Self.subject("job_failed", ["job": "backup"]), .warning, at: Self.at(1)))
    }

    @Test("over hours every entry is either written or counted, and no more than ten a minute are written")
    func losesNone() throws {
        let limiter = Subjected()
        var (written, held) = (0, 0)
        let alpha = try Self.subject("stream_cut", ["key": "alpha"])
        for step in 0..<36_000 {
            let now = Self.at(Double(step) * 0.2)
            held += limiter.ended(at: now).reduce(0) { $0 + $1.count }
            if limiter.admit(alpha, .warning, at: now) { written += 1 }
        }
        held += limiter.close().reduce(0) { $0 + $1.count }
        #expect(written == 1_200)
        #expect(written + held == 36_000)
        #expect(limiter.close().isEmpty)
    }

    @Test("the most severe level of what was held back is told")
    func keepsTheLevel() throws {
        let limiter = Subjected(LogLimiter.Terms(burst: 1))
        let subject = try Self.subject("x")
        #expect(limiter.admit(subject, .error, at: Self.at(0)))
        for level in [Logger.Level.warning, .error, .warning] {
            #expect(!limiter.admit(subject, level, at: Self.at(1)))
        }
        #expect(limiter.close() == [LogLimiter.Held(subject: subject, level: .error, count: 3)])
    }

    @Test("the table is bounded: beyond it all further things of an event are one, until there is room again")
    func isBounded() throws {
        let limiter = Subjected(LogLimiter.Terms(burst: 2, subjects: 100))
        var written = 0
        for index in 0..<10_000
        where limiter.admit(try Self.subject("x", ["key": "\(index)"]), .warning, at: Self.at(1)) {
            written += 1
        }
        #expect(written == 102)
        let held = limiter.close()
        #expect(held == [LogLimiter.Held(subject: try Self.subject("x"), level: .warning, count: 9_898)])
        for index in 0..<100 {
            #expect(limiter.admit(try Self.subject("x", ["key": "\(index)"]), .warning, at: Self.at(2)))
        }
        // What is over makes room.
        #expect(limiter.ended(at: Self.at(62)).isEmpty)
        #expect(
            (0..<2).allSatisfy { _ in limiter.admit(LogLimiter.Subject(event: "y", things: []), .error, at: Self.at(62))
            })
    }

    @Test("requests, notices, the reason of an end, and lists are not limited; warnings and errors are")
    func tellsWhatIsLimited() {
        func isLimited(_ level: Logger.Level, _ event: String?) -> Bool {
            let fields: Logger.Metadata = event.map { ["event": "\($0)"] } ?? [:]
            return LogLimiter.Subject(LogRecord(level, "m", fields, at: WallTime(microseconds: 0))) != nil
        }
        #expect(isLimited(.warning, "stream_cut") && isLimited(.error, "state_lost") && isLimited(.error, nil))
        for level in [Logger.Level.trace, .debug, .info, .notice, .critical] { #expect(!isLimited(level, "request")) }
        for list in ["config_warning", "reload_rejected", "state_left_out"] { #expect(!isLimited(.error, list)) }
    }

    @Test("what describes an occurrence makes no other subject, what names a thing does")
    func tellsSubjectsApart() throws {
        let one = try Self.subject("x", ["key": "a", "reason": "r", "request_id": "1", "detail": "d"])
        #expect(try one == Self.subject("x", ["key": "a", "reason": "s", "request_id": "2"]))
        for other: Logger.Metadata in [["key": "b"], ["key": "a", "provider": "p"], [:]] {
            #expect(try one != Self.subject("x", other))
        }
        #expect(try one != Self.subject("y", ["key": "a"]))
    }
}
