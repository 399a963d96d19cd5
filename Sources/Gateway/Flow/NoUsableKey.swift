import ProxyCore

/// The answer to a request that no key can serve (contract section 5).
enum NoUsableKey {
    /// A caller is told not to try again when no key is due within this time.
    static let worthWaiting = Duration.seconds(60)

    /// The fault that a shortage is reported by.
    static func fault(for shortage: KeyShortage, now: Instant, wallTime: WallTime) -> ProxyFault {
        let keys = shortage.keys.map { key in
            ProxyFault.KeyStatus(
                label: key.label.text,
                state: key.state.rawValue,
                reason: key.reason?.rawValue,
                usableAt: key.usableAt.map { (wallTime + ($0 - now)).roundedUpToSecond }
            )
        }
        if shortage.isBusy {
            let room = shortage.soonestTry(after: now).map { $0 - now }
            return ProxyFault(
                .rateLimited, message: "Every usable key has as many requests as its own limits allow.",
                retryAfter: max(1, room.map { Int($0.seconds.rounded(.up)) } ?? 1), keys: keys)
        }
        let wait = shortage.soonest.map { max(.zero, $0 - now) }
        let isSoon = wait.map { $0 <= Self.worthWaiting } ?? false
        return ProxyFault(
            .noUsableKey,
            status: shortage.comesBack ? 429 : 503,
            message: shortage.comesBack
                ? "No key can be used at the moment; one comes back." : "There is no key that can be used.",
            retryAfter: wait.map { max(1, Int($0.seconds.rounded(.up))) },
            shouldRetry: shortage.comesBack || isSoon ? nil : false,
            keys: keys
        )
    }
}

extension WallTime {
    /// The first whole second that is not earlier: times are shown in seconds, and none is to be shown too early.
    var roundedUpToSecond: WallTime {
        WallTime(microseconds: (self.microseconds + 999_999) / 1_000_000 * 1_000_000)
    }
}
