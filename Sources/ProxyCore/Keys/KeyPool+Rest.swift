extension KeyPool {
    /// A failure as it bears on a key.
    struct Incident {
        /// What the provider said.
        var failure: KeyFailure
        /// The number of the request; `nil` for a check.
        var request: UInt64?
        /// When the attempt or the check began.
        var begun: Instant
        /// When it ended.
        var moment: Moment
        /// Whether the usage endpoint told of it.
        var isByPanel = false
        /// When the youngest attempt or check began that the provider accepted another key for.
        var othersProved: Instant?

        /// When it ended, on the clock that never jumps.
        var now: Instant { self.moment.instant }
    }

    /// When a rest ends, and who says so.
    struct Deadline: Equatable {
        /// When.
        var until: Instant
        /// The provider's time of day, if it is one.
        var reset: WallTime?
        /// Whether nobody said so.
        var isGuess = false
        /// The window that it is the reset of.
        var window: String?
    }

    /// How long a key rests after a failure, and in which state.
    struct Rest {
        /// The state; an auth failure may be `invalid` too.
        let state: KeyState
        private let ladder: [Duration]
        /// Whether the steps double behind the last one of the ladder.
        private let doubles: Bool

        /// The rest that a class of error calls for; `nil` if the class does not blame the key.
        init?(after reason: ErrorClass, policy: Configuration.Cooldown) {
            self.doubles = reason == .providerBilling
            switch reason {
            case .providerRateLimited: (self.state, self.ladder) = (.cooling, policy.rateLimited)
            case .providerForbidden: (self.state, self.ladder) = (.cooling, [policy.forbidden])
            case .providerAuthFailed: (self.state, self.ladder) = (.suspect, policy.auth)
            case .providerBilling: (self.state, self.ladder) = (.billing, [policy.billing])
            case .providerQuotaExhausted: (self.state, self.ladder) = (.exhausted, [policy.billing])
            default: return nil
            }
        }

        /// Whether a present state came from the same ladder.
        func isSameKind(as present: KeyState) -> Bool {
            present == self.state || (self.state == .suspect && present == .invalid)
        }

        /// The rest of a step without a word of the provider; the last step repeats.
        ///
        /// A rest of no length is made a short one: what is told to begin has to end.
        func duration(step: Int) -> Duration {
            guard let last = self.ladder.last else { return .seconds(1) }
            guard self.doubles else {
                return max(self.ladder[min(max(step, 0), self.ladder.count - 1)], .milliseconds(1))
            }
            let doubled = max(last, .milliseconds(1)) * (1 << min(max(step, 0), 20))
            return max(last, min(doubled, Self.longestDoubled), .milliseconds(1))
        }

        /// The longest rest that can occur by a ladder or a hint: a day, unless the policy has a longer one.
        static func longest(of policy: Configuration.Cooldown) -> Duration {
            (policy.rateLimited + policy.auth + [policy.billing, policy.forbidden]).reduce(Self.longestHint, max)
        }

        /// The longest rest that a provider can ask for in so many words.
        static let longestHint = Duration.seconds(86_400)
        /// The longest rest until a time of day that a provider names: a month's window, and some days.
        static let longestReset = Duration.seconds(35 * 86_400)
        /// The longest rest that doubling leads to.
        static let longestDoubled = Duration.seconds(6 * 3600)
    }

    /// Random lengthenings of hints, so that those who were sent away together do not come back together.
    struct Jitter: Sendable {
        private var generator: SeededGenerator?

        /// The jitter of a seed; none for 0.
        init(seed: UInt64) {
            self.generator = seed == 0 ? nil : SeededGenerator(seed: seed)
        }

        /// A hint kept between a second and a day, and up to a twentieth longer within that.
        ///
        /// One of less than a minute stays what it is: so short a time is spread by what requests take anyway, and a caller
        /// that is told to wait for it is not to come too early.
        mutating func lengthen(_ hint: Duration) -> Duration {
            let kept = min(max(hint, .seconds(1)), Rest.longestHint)
            guard var generator = self.generator, kept >= .seconds(60) else { return kept }
            let more = Int64.random(in: 0...(kept.nanoseconds / 20), using: &generator)
            self.generator = generator
            return min(kept + .nanoseconds(more), Rest.longestHint)
        }
    }
}

extension KeyPool.Deadline {
    /// What the provider itself said of when to try again, if it is still to come.
    init?(_ recovery: AnswerClassification.Recovery, jitter: inout KeyPool.Jitter, at moment: Moment) {
        switch recovery {
        case .unknown:
            return nil
        case .after(let hint):
            self.init(until: moment.instant + jitter.lengthen(hint))
        case .at(let time):
            self.init(time, at: moment)
        }
    }

    /// A time of day of the provider, if it is still to come.
    init?(_ time: WallTime, window: String? = nil, at moment: Moment) {
        let until = moment.instant(of: time, notAfter: KeyPool.Rest.longestReset)
        guard until > moment.instant else { return nil }
        self.init(until: until, reset: time, window: window)
    }

    /// The deadline of a rest that goes on although a further failure names another one.
    ///
    /// A later failure never shortens a rest, except that the provider's word replaces a guess; a guess says nothing against a
    /// word.
    func merged(into former: KeyCondition, at now: Instant) -> Self {
        guard former.until > now else { return self }
        let stays =
            self.isGuess
            ? !former.isGuess || former.until >= self.until : !former.isGuess && former.until >= self.until
        guard stays else { return self }
        return Self(until: former.until, reset: former.reset, isGuess: former.isGuess, window: former.window)
    }
}
