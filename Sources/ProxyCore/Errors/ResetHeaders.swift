/// The header fields that say when a rate limit has room again, for the dimensions that have none left.
enum ResetHeaders {
    /// The longest wait that the exhausted dimensions ask for, 0 to 24 hours; `nil` if none is known to be exhausted.
    static func wait(in headers: HeaderFields, now: WallTime) -> Duration? {
        var waits: [Duration] = []
        for dimension in ["requests", "tokens"]
        where self.isExhausted(headers.first("x-ratelimit-remaining-\(dimension)")) {
            if let wait = headers.first("x-ratelimit-reset-\(dimension)").flatMap(DurationText.parse) {
                waits.append(wait)
            }
        }
        for dimension in ["requests", "tokens", "input-tokens", "output-tokens"]
        where self.isExhausted(headers.first("anthropic-ratelimit-\(dimension)-remaining")) {
            if let time = headers.first("anthropic-ratelimit-\(dimension)-reset").flatMap(EpochText.parse),
                let wait = RecoveryHint.wait(until: time, now: now)
            {
                waits.append(wait)
            }
        }
        if let reset = headers.first("x-ratelimit-reset"), self.mayBeExhausted(headers) {
            if let time = EpochText.parse(reset) {
                if let wait = RecoveryHint.wait(until: time, now: now) { waits.append(wait) }
            } else if let wait = DurationText.parse(reset), wait <= Self.longestBareReset {
                waits.append(wait)
            }
        }
        return waits.filter { $0 <= RetryAfter.maximum }.max()
    }

    /// A reset of unknown unit is believed up to this; what is longer may be milliseconds.
    static let longestBareReset = Duration.seconds(120)

    /// The time of day that `X-RateLimit-Reset` gives, if it gives one.
    static func time(in headers: HeaderFields) -> WallTime? {
        guard self.mayBeExhausted(headers) else { return nil }
        return headers.first("x-ratelimit-reset").flatMap(EpochText.parse)
    }

    private static func mayBeExhausted(_ headers: HeaderFields) -> Bool {
        headers.first("x-ratelimit-remaining").map { self.isExhausted($0) } ?? true
    }

    /// Whether a count of what remains is 0; without one nothing is known.
    private static func isExhausted(_ remaining: String?) -> Bool {
        guard let remaining, let count = Double(remaining) else { return false }
        return count <= 0
    }
}

/// What Anthropic's answers say of the windows of a plan: `anthropic-ratelimit-unified-…`.
struct AnthropicPlanWindows {
    /// A window that is used up.
    struct UsedUp: Equatable {
        /// `5h` or `7d`; `nil` if the answer does not tell which.
        var name: String?
        /// When it starts anew.
        var resetsAt: WallTime?
    }

    /// The window that refuses the request, of several the one that lasts longest; `nil` if none does.
    let usedUp: UsedUp?

    /// Reads the fields; `nil` if there are none.
    init?(_ headers: HeaderFields) {
        let prefix = "anthropic-ratelimit-unified-"
        guard headers.contains(where: { $0.name.hasPrefixIgnoringASCIICase(prefix) }) else { return nil }
        func reset(_ name: String) -> WallTime? { headers.first(prefix + name).flatMap(EpochText.parse) }
        let names = ["5h", "7d"]
        let windows = names.map { name in
            (
                window: UsedUp(name: name, resetsAt: reset(name + "-reset")),
                status: headers.first(prefix + name + "-status")
            )
        }
        let overall = headers.first(prefix + "status")
        let refusing = windows.filter { $0.status.map(Self.refuses) ?? false }.map(\.window)
        if let latest = refusing.max(by: { Self.isEarlier($0.resetsAt, $1.resetsAt) }) {
            var window = latest
            if window.resetsAt == nil, refusing.count == 1 { window.resetsAt = reset("reset") }
            self.usedUp = window
            return
        }
        let isKnown = overall != nil || windows.contains { $0.status != nil }
        if let overall, Self.refuses(overall) {
            self.usedUp = Self.claimed(
                headers.first(prefix + "representative-claim"), windows.map(\.window), reset("reset"))
        } else if isKnown {
            self.usedUp = nil
        } else {
            // Resets without any status: the first window to start anew is the first that may let the request through.
            let known = windows.map(\.window).filter { headers.contains(prefix + ($0.name ?? "") + "-reset") }
            let hasAny = !known.isEmpty || headers.contains(prefix + "reset")
            let first = known.min { Self.isEarlier($0.resetsAt, $1.resetsAt) }
            self.usedUp = hasAny ? first ?? UsedUp(name: nil, resetsAt: reset("reset")) : nil
        }
    }

    /// The window that the answer as a whole goes by: the one that it claims, else the one with the same reset.
    private static func claimed(_ claim: String?, _ windows: [UsedUp], _ reset: WallTime?) -> UsedUp {
        let name: String? =
            switch claim {
            case "five_hour": "5h"
            case "seven_day": "7d"
            default: reset.flatMap { reset in windows.first { $0.resetsAt == reset }?.name }
            }
        let own = windows.first { $0.name == name }?.resetsAt
        return UsedUp(name: name, resetsAt: reset ?? own)
    }

    private static func refuses(_ status: String) -> Bool { !status.hasPrefixIgnoringASCIICase("allowed") }

    private static func isEarlier(_ left: WallTime?, _ right: WallTime?) -> Bool {
        guard let right else { return false }
        return left.map { $0 < right } ?? true
    }
}
