import Logging
import NIOCore
import ProxyCore
import Synchronization

/// Counts the handshakes that failed and tells the log of them: of some a minute, and how many more there were, so that
/// nobody fills it by knocking.
final class HandshakeFailures: Sendable {
    /// So many are told in ``span``.
    static let most = 10
    /// How long that holds.
    static let span = Duration.seconds(60)

    /// What has been told of late; a pure value.
    struct Budget: Sendable {
        private var began: Instant?
        private var told = 0
        private var untold = 0

        /// One more; `nil` if it is not told, else how many were not told before it.
        mutating func spend(at now: Instant) -> Int? {
            if self.began.map({ now - $0 >= HandshakeFailures.span }) ?? true {
                self.began = now
                self.told = 0
            }
            guard self.told < HandshakeFailures.most else {
                self.untold += 1
                return nil
            }
            self.told += 1
            defer { self.untold = 0 }
            return self.untold
        }
    }

    private let budget = Mutex(Budget())
    private let counted = Mutex<[TLSHandshake.Failure: UInt64]>([:])

    /// How many failed, by those reasons that there were.
    var counts: [TLSHandshake.Failure: UInt64] { self.counted.withLock { $0 } }

    /// Notes a failure of a connection.
    ///
    /// What the TLS library says is for whoever reads the log at `debug`.
    func note(_ failure: TLSHandshake.Failure, detail: String, of info: ConnectionInfo, _ logger: Logger) {
        self.counted.withLock { $0[failure, default: 0] += 1 }
        let now = Instant(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
        var fields: Logger.Metadata = [
            "event": "tls_handshake_failed", "reason": "\(failure.rawValue)", "connection": "\(info.id)",
        ]
        if case .tcp(let peer) = info.transport { fields["address"] = "\(peer)" }
        // Load balancers and port scans come and go without a word.
        guard failure != .gone, let untold = self.budget.withLock({ $0.spend(at: now) }) else {
            logger.debug("no TLS handshake", metadata: fields.merging(["detail": "\(detail)"]) { own, _ in own })
            return
        }
        if untold > 0 { fields["untold"] = "\(untold)" }
        logger.notice("no TLS handshake", metadata: fields)
        logger.debug("no TLS handshake", metadata: ["connection": "\(info.id)", "detail": "\(detail)"])
    }
}
