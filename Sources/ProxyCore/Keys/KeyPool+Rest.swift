extension KeyPool {
    /// How long a key rests after a failure, and in which state.
    struct Rest {
        private let state: KeyState
        private let ladder: [Duration]

        /// The rest that a class of error calls for; `nil` if the class does not blame the key.
        init?(after reason: ErrorClass, policy: Configuration.Cooldown) {
            switch reason {
            case .providerRateLimited: (self.state, self.ladder) = (.cooling, policy.rateLimited)
            case .providerForbidden: (self.state, self.ladder) = (.cooling, [policy.forbidden])
            case .providerAuthFailed: (self.state, self.ladder) = (.suspect, policy.auth)
            case .providerBilling: (self.state, self.ladder) = (.billing, [policy.billing])
            case .providerQuotaExhausted: (self.state, self.ladder) = (.exhausted, [policy.billing])
            default: return nil
            }
        }

        /// The state at a step of the ladder: a key that is refused again after its rest is known to be invalid.
        func state(at step: Int) -> KeyState {
            self.state == .suspect && step > 0 ? .invalid : self.state
        }

        /// Whether a present state came from the same ladder.
        func isSameKind(as present: KeyState) -> Bool {
            present == self.state || (self.state == .suspect && present == .invalid)
        }

        /// A provider's own word counts, kept between a second and a day; without one the step of the ladder does.
        ///
        /// A rest of no length is made a short one: what is told to begin has to end.
        func duration(hint: Duration?, step: Int) -> Duration {
            if let hint { return min(max(hint, .seconds(1)), Self.longestHint) }
            guard !self.ladder.isEmpty else { return .seconds(1) }
            return max(self.ladder[min(step, self.ladder.count - 1)], .milliseconds(1))
        }

        /// The longest rest that can occur: a day, unless the policy has a longer one.
        static func longest(of policy: Configuration.Cooldown) -> Duration {
            (policy.rateLimited + policy.auth + [policy.billing, policy.forbidden]).reduce(Self.longestHint, max)
        }

        /// The longest rest that a provider can ask for.
        private static let longestHint = Duration.seconds(86_400)
    }
}
