import Gateway
import ProxyCore
import ProxyHTTP
import StateStore

/// What a person at the desktop should know of at a moment, as the daemon stands; empty when all is well.
///
/// It is always told as a whole, so that nothing is shown longer than it is true, and nothing that is true gets lost.
struct DesktopSituation: Sendable, Equatable {
    /// A key that a person has to do something about.
    struct Key: Sendable, Equatable {
        let label: KeyLabel
        let provider: ProviderName
        /// Whether its account has no money; else the provider refuses it.
        let lacksMoney: Bool
    }

    /// That no key can be used, because windows of plans are used up, and none is back in a moment.
    struct Exhaustion: Sendable, Equatable {
        /// When the first one is back, as the clock on the wall beside the person shows it; `nil` if nobody can tell.
        let until: String?
    }

    /// How near the end of the certificate is that callers are shown.
    enum CertificateStage: String, Sendable {
        /// Some days are left.
        case ends
        /// Next to none are.
        case endsSoon = "ends_soon"
        /// Callers refuse it.
        case refused
    }

    /// A certificate that has to be renewed.
    struct Certificate: Sendable, Equatable {
        let stage: CertificateStage
        /// When it ends, as for ``Exhaustion``; `nil` if it has not begun yet.
        let end: String?
    }

    /// The keys that need a person, in the order of their labels.
    var keys: [Key] = []
    /// `nil` as long as a key can be used, or is back in a moment.
    var exhaustion: Exhaustion?
    /// `nil` as long as it is good.
    var certificate: Certificate?
    /// Whether the state cannot be written.
    var isStorageFailing = false
    /// Whether it is damaged, so that the next start may refuse it, written or not.
    var isStorageDamaged = false
    /// That too many requests fail; `nil` if they do not.
    var errors: ErrorRate.Finding?
}

extension DesktopSituation.Certificate {
    /// So long before its end a certificate is said to end soon.
    static let soon = Duration.seconds(3 * 86_400)

    /// What is to be said of the times of a certificate; `nil` for nothing.
    init?(notBefore: WallTime, notAfter: WallTime, now: WallTime) {
        guard let finding = CertificateDiagnosis.finding(notBefore: notBefore, notAfter: notAfter, now: now) else {
            return nil
        }
        let isSoon = notAfter - now <= Self.soon
        self.init(
            stage: finding.isRefused ? .refused : isSoon ? .endsSoon : .ends,
            end: now < notBefore ? nil : LocalDay.andTime(of: notAfter, now: now))
    }
}

extension DesktopSituation {
    /// A key that is back so soon is as good as one that can be used: nobody can do anything sooner.
    static let moment = Duration.seconds(60)

    /// What is to be said of these keys.
    ///
    /// A key that a person has taken out is nobody's trouble. Rests after a rate limit are over in a moment, and are not told;
    /// nor is it when one of them is all that keeps a request waiting.
    mutating func take(_ snapshots: [KeySnapshot], at now: WallTime, wallTime: (Instant) -> WallTime) {
        let keys = snapshots.filter(\.isEnabled).sorted { $0.label < $1.label }
        self.keys = keys.filter { $0.state == .invalid || $0.state == .billing }
            .map { Key(label: $0.label, provider: $0.provider, lacksMoney: $0.state == .billing) }
        guard keys.contains(where: { $0.state == .exhausted }), keys.allSatisfy({ $0.state != .usable }) else { return }
        // Of a key that was refused nobody knows whether it is taken again when its rest is over.
        let until = keys.filter { $0.state == .cooling || $0.state == .exhausted }.compactMap(\.usableAt).min()
            .map(wallTime)
        if let until, until - now <= Self.moment { return }
        self.exhaustion = Exhaustion(until: until.map { LocalDay.andTime(of: $0, now: now) })
    }
}

extension DaemonControl {
    /// What a person at the desktop should know of now.
    func desktopSituation() -> DesktopSituation {
        let now = self.time.now()
        let wallTime = self.time.wallTime()
        var situation = DesktopSituation()
        situation.take(self.gateway.dispatcher.snapshots(at: now), at: wallTime) { self.hub.clock.wallTime(of: $0) }
        situation.certificate = self.listeners.credentials.flatMap {
            DesktopSituation.Certificate(notBefore: $0.notBefore, notAfter: $0.notAfter, now: wallTime)
        }
        situation.isStorageFailing = self.store.trouble.map { $0 != "damaged" } ?? false
        situation.isStorageDamaged = self.store.statistics.damage != nil
        situation.errors = self.hub.attention.errors(at: now)
        return situation
    }
}
