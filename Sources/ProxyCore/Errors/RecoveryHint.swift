/// When to try again, as an answer says it, from the most precise source to the least (provider facts, section 12.2).
///
/// For a limit: body, milliseconds header, `Retry-After`, the reset header of the dimension that is used up, text. For a window
/// of the plan the time at which it starts anew comes before every wait.
enum RecoveryHint {
    /// The furthest reset of a plan window that is believed: a month and some days.
    static let furthestReset = Duration.seconds(35 * 86_400)
    /// How long ago a reset may lie, so that clocks may differ a little.
    static let toleratedPast = Duration.seconds(300)

    /// What an answer says.
    static func recovery(of answer: FailedAnswer, isPlanWindow: Bool) -> AnswerClassification.Recovery {
        isPlanWindow ? self.planWindow(answer) : self.limit(answer)
    }

    /// The recovery of a wait that may be longer than a day.
    static func planned(_ wait: Duration, now: WallTime) -> AnswerClassification.Recovery {
        wait <= RetryAfter.maximum ? .after(wait) : .at(now + wait)
    }

    private static func planWindow(_ answer: FailedAnswer) -> AnswerClassification.Recovery {
        if let time = answer.details.resetsAt, self.isPlausible(time, now: answer.now) { return .at(time) }
        if let wait = answer.details.delay, wait <= self.furthestReset { return self.planned(wait, now: answer.now) }
        let windows = AnthropicPlanWindows(answer.headers)
        if let time = windows?.usedUp?.resetsAt, self.isPlausible(time, now: answer.now) { return .at(time) }
        if let wait = RetryAfter.wait(in: answer.headers, now: answer.now, atMost: self.furthestReset + .seconds(1)),
            wait <= self.furthestReset
        {
            return self.planned(wait, now: answer.now)
        }
        if let time = ResetHeaders.time(in: answer.headers), self.isPlausible(time, now: answer.now) {
            return .at(time)
        }
        guard let wait = DurationText.wait(in: answer.message), wait <= self.furthestReset else { return .unknown }
        return self.planned(wait, now: answer.now)
    }

    private static func limit(_ answer: FailedAnswer) -> AnswerClassification.Recovery {
        let wait =
            answer.details.delay
            ?? answer.details.resetsAt.flatMap { self.wait(until: $0, now: answer.now) }
            ?? RetryAfter.wait(in: answer.headers, now: answer.now)
            ?? ResetHeaders.wait(in: answer.headers, now: answer.now)
            ?? DurationText.wait(in: answer.message)
        return wait.map { .after(min($0, RetryAfter.maximum)) } ?? .unknown
    }

    /// The wait until a time of day; `nil` if that is implausible for a limit: more than a day ahead.
    static func wait(until time: WallTime, now: WallTime) -> Duration? {
        guard self.isPlausible(time, now: now) else { return nil }
        let wait = time - now
        return wait <= RetryAfter.maximum ? max(wait, .zero) : nil
    }

    private static func isPlausible(_ time: WallTime, now: WallTime) -> Bool {
        let wait = time - now
        return wait >= .zero - self.toleratedPast && wait <= self.furthestReset
    }
}
