import ProxyCore
import Synchronization

/// What may need a person, between those who notice it and the desktop that shows it.
///
/// Nothing here waits: the request path calls it.
final class Attention: Sendable {
    /// Whether there is somebody who shows messages.
    enum Desktop: Sendable, Equatable {
        /// Nobody has looked yet.
        case unknown
        /// The daemon is on no bus of a session.
        case noBus
        /// Nobody on the bus shows messages, nor could be started for it.
        case absent
        /// Somebody does, or is started when there is something to show.
        case present
    }

    private let rate = Mutex(ErrorRate())
    private let settings: Mutex<Configuration.Notifications>
    private let seen = Mutex(Desktop.unknown)
    private let listener = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ settings: Configuration.Notifications) {
        self.settings = Mutex(settings)
    }

    /// Takes over other settings.
    func configure(_ settings: Configuration.Notifications) {
        self.settings.withLock { $0 = settings }
        self.wake()
    }

    /// Whether messages are to be shown.
    var isWanted: Bool { self.settings.withLock { $0.desktop } }

    /// Who shows messages.
    var desktop: Desktop { self.seen.withLock { $0 } }

    /// Notes who shows messages; tells whether that is news.
    func note(_ desktop: Desktop) -> Bool {
        self.seen.withLock { seen in
            defer { seen = desktop }
            return seen != desktop
        }
    }

    /// Something may be different from before: whoever listens looks.
    func wake() {
        self.listener.withLock { $0 }?()
    }

    /// Has a closure called when something may be different; `nil` for none.
    ///
    /// It must not wait.
    func listen(_ body: (@Sendable () -> Void)?) {
        self.listener.withLock { $0 = body }
    }

    /// Counts a request that has ended.
    ///
    /// Tells what is to be warned of: that from now on too many fail. Only here that begins, so that nobody who reads the
    /// state takes the news away from the log and the bus.
    func note(_ record: RequestRecord, at now: Instant) -> ErrorRate.Finding? {
        let share = self.settings.withLock { $0.errorRate }
        let (isNews, finding) = self.rate.withLock { rate in
            rate.note(record.errorClass, at: now)
            // A request that went well raises nothing.
            guard record.errorClass != nil || rate.finding != nil else { return (false, ErrorRate.Finding?.none) }
            return (rate.look(share: share, at: now), rate.finding)
        }
        guard isNews else { return nil }
        self.wake()
        return finding
    }

    /// What was warned of and still holds of too many failed requests; `nil` if there are not too many.
    func errors(at now: Instant) -> ErrorRate.Finding? {
        let share = self.settings.withLock { $0.errorRate }
        return self.rate.withLock { rate in
            rate.endIfOver(share: share, at: now)
            return rate.finding
        }
    }
}
