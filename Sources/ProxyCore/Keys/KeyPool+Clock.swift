extension KeyPool {
    /// Notes both clocks; answers whether the time of day stepped against the other one by more than a second.
    ///
    /// Deadlines that are times of day of a provider are counted anew then; those that are told to be over stay so.
    public mutating func noteClock(at moment: Moment) -> Bool {
        let offset = moment.offset
        guard let known = self.clockOffset else {
            self.clockOffset = offset
            return false
        }
        let (difference, overflow) = offset.subtractingReportingOverflow(known)
        guard overflow || abs(difference) > 1_000_000_000 else { return false }
        self.clockOffset = offset
        for index in self.entries.indices { self.entries[index].noteClock(at: moment, policy: self.policy) }
        self.noteMemoryChange()
        return true
    }

    /// The moment with a time of day that does not tremble: two readings of the clocks never fit to the microsecond, and what
    /// is remembered is not to change by that.
    func steady(_ moment: Moment) -> Moment {
        guard let offset = self.clockOffset else { return moment }
        let (sum, overflow) = moment.instant.nanoseconds.addingReportingOverflow(offset)
        guard !overflow, abs(moment.offset.subtractingReportingOverflow(offset).partialValue) <= 1_000_000_000 else {
            return moment
        }
        return Moment(instant: moment.instant, wallTime: WallTime(microseconds: sum / 1000))
    }

    /// Remembers how the clocks stood against each other when the first deadline was made.
    mutating func learnClock(of moment: Moment) {
        if self.clockOffset == nil { self.clockOffset = moment.offset }
    }
}

extension KeyPool.Entry {
    fileprivate mutating func noteClock(at moment: Moment, policy: KeyPool.Policy) {
        if !self.windows.isEmpty { self.windows.noteClock(at: moment) }
        guard self.hasConditions else { return }
        if var whole = self.condition, let reset = whole.reset, !whole.isEndTold {
            whole.rest(
                until: moment.instant(of: reset, notAfter: KeyPool.Rest.longestReset),
                isProbed: policy.probes(whole.state, of: self.provider))
            self.condition = whole
        }
        for (model, single) in self.modelConditions {
            guard let reset = single.reset, !single.isEndTold else { continue }
            let until = moment.instant(of: reset, notAfter: KeyPool.Rest.longestReset)
            self.modelConditions[model]?.rest(until: until, isProbed: false)
        }
    }
}

extension Moment {
    /// By how much the time of day is ahead of the other clock, in nanoseconds.
    fileprivate var offset: Int64 {
        let (wall, overflow) = self.wallTime.microseconds.multipliedReportingOverflow(by: 1000)
        let clamped = overflow ? (self.wallTime.microseconds < 0 ? Int64.min : .max) : wall
        let (offset, overflowed) = clamped.subtractingReportingOverflow(self.instant.nanoseconds)
        return overflowed ? (clamped < 0 ? .min : .max) : offset
    }

    /// The instant of a time of day, at most so long after this moment, and at most ten years before it.
    func instant(of time: WallTime, notAfter longest: Duration = .seconds(3650 * 86_400)) -> Instant {
        let (difference, overflow) = time.microseconds.subtractingReportingOverflow(self.wallTime.microseconds)
        let distance = overflow ? (time < self.wallTime ? Int64.min : .max) : difference
        let tenYears: Int64 = 3650 * 86_400 * 1_000_000
        return self.instant + .microseconds(min(max(distance, -tenYears), longest.nanoseconds / 1000))
    }

    /// The time of day of an instant; rounded up, so that no rest gets shorter.
    func wallTime(of instant: Instant) -> WallTime {
        let (nanoseconds, overflow) = instant.nanoseconds.subtractingReportingOverflow(self.instant.nanoseconds)
        let distance = overflow ? (instant < self.instant ? Int64.min : .max) : nanoseconds
        let (whole, rest) = distance.quotientAndRemainder(dividingBy: 1000)
        let (sum, overflowed) = self.wallTime.microseconds.addingReportingOverflow(rest > 0 ? whole + 1 : whole)
        return WallTime(microseconds: overflowed ? (distance < 0 ? .min : .max) : sum)
    }
}
