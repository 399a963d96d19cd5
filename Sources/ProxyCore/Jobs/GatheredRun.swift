/// Calls that are one run of a job: it lasts from the first one that begins until none is under way.
///
/// It has failed if one of them has. Where calls keep joining it ends after ``longest``, and what is under way then belongs to
/// the next one. A value that somebody keeps; nothing here reads a clock.
public struct GatheredRun: Sendable, Equatable {
    /// How a call ended.
    public enum End: Sendable, Equatable {
        /// It did what it was to do.
        case succeeded
        /// It did not, for a reason in a line without secrets.
        case failed(String)
        /// It was given up, and says nothing.
        case abandoned
    }

    /// What becomes of the run.
    public enum Step: Sendable, Equatable {
        /// It begins.
        case begin
        /// It has ended with success.
        case succeed
        /// It has failed, for the reason of the last call that did.
        case fail(String)
        /// It has ended, and says nothing.
        case abandon
    }

    /// After this time a run ends with the next call that does.
    public static let longest = Duration.seconds(60)

    private var underWay = 0
    private var begun: Instant?
    private var hasSucceeded = false
    private var failure: String?

    /// No call is under way.
    public init() {}

    /// A call begins; answers what becomes of the run.
    public mutating func begin(at now: Instant) -> [Step] {
        self.underWay += 1
        guard self.begun == nil else { return [] }
        self.begun = now
        return [.begin]
    }

    /// A call has ended; answers what becomes of the run, in this order.
    public mutating func end(_ end: End, at now: Instant) -> [Step] {
        guard let begun = self.begun else { return [] }
        self.underWay -= 1
        switch end {
        case .succeeded: self.hasSucceeded = true
        case .failed(let reason): self.failure = reason
        case .abandoned: break
        }
        guard self.underWay == 0 || now - begun >= Self.longest else { return [] }
        let step: Step =
            if let failure = self.failure { .fail(failure) } else { self.hasSucceeded ? .succeed : .abandon }
        let left = self.underWay
        self = GatheredRun()
        guard left > 0 else { return [step] }
        (self.underWay, self.begun) = (left, now)
        return [step, .begin]
    }
}
