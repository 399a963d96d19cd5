import Logging
import ProxyCore
import Synchronization

/// Counts the connections of a server that were given up for what their callers did, and tells of them in the log, of
/// some of them only: whoever can open connections must not be able to fill a disk.
final class AbuseLog: Sendable {
    /// So many lines at once, and one more every so often.
    private static let lines = Allowance.Terms(capacity: 10, perSecond: 1 / 30)

    private struct State {
        var counts: [HTTP2Abuse: UInt64] = [:]
        var untold = 0
        var lines: Allowance?
    }

    private let state = Mutex(State())

    /// How many connections were given up, by those reasons that there were.
    var counts: [HTTP2Abuse: UInt64] { self.state.withLock { $0.counts } }

    /// Counts one, and tells of it if there is a line left; with it, how many were not told of since the last one.
    func note(_ abuse: HTTP2Abuse, connection: ConnectionInfo, at now: Instant, logger: Logger) {
        let untold = self.state.withLock { state -> Int? in
            state.counts[abuse, default: 0] += 1
            var lines = state.lines ?? Allowance(Self.lines, at: now)
            defer { state.lines = lines }
            guard lines.take(at: now) else {
                state.untold += 1
                return nil
            }
            defer { state.untold = 0 }
            return state.untold
        }
        guard let untold else { return }
        var metadata: Logger.Metadata = [
            "event": "http2_abuse", "reason": "\(abuse.rawValue)", "connection": "\(connection.id)",
        ]
        if case .tcp(let peer) = connection.transport { metadata["peer"] = "\(peer)" }
        if untold > 0 { metadata["untold"] = "\(untold)" }
        logger.warning("HTTP/2 connection given up for what its caller does", metadata: metadata)
    }
}
