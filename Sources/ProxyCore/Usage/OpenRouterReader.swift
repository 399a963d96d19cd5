/// Reads what OpenRouter tells of a key and of its account (provider facts, section 8).
struct OpenRouterReader {
    /// The present time of day, which the reset of a key's limit follows from.
    let now: WallTime

    /// `GET /api/v1/key`: the window `limit` of the key; none if the key is not limited, and unknown is not unlimited.
    func readKey(_ answer: UsageObject) throws(UsageReading.Fault) -> UsageReport {
        guard let data = answer.object("data") else {
            throw answer.value("error") != nil ? .reportsError : .unknownShape
        }
        guard let member = data.members.first(where: { $0.name == "limit" }) else { throw .nothingKnown }
        if member.value == .null { return UsageReport() }
        let period = data.word("limitreset")
        // `usage` counts since the key was made, so it says how much of the limit is used only if that never resets.
        let used = period == nil ? data.number("usage") : nil
        let remaining = data.number("limitremaining")
        let window = UsageWindow.counted(
            "limit", limit: data.number("limit"), used: remaining == nil ? used : nil, remaining: remaining,
            resetsAt: period.flatMap(self.reset), source: .panel)
        guard window.limit != nil else { throw .nothingKnown }
        return UsageReport(windows: [window])
    }

    /// `GET /api/v1/credits`: what was bought and is not used is `balance`.
    func readCredits(_ answer: UsageObject) throws(UsageReading.Fault) -> UsageReport {
        guard let data = answer.object("data") else {
            throw answer.value("error") != nil ? .reportsError : .unknownShape
        }
        guard let bought = data.number("totalcredits"), let used = data.number("totalusage"), bought >= 0, used >= 0
        else { throw .nothingKnown }
        // Without credits the free models remain, so nothing bought says nothing.
        guard bought > 0 else { throw .nothingKnown }
        return UsageReport(windows: [.balance(bought - used)])
    }

    /// Limits start anew at midnight UTC, those of a week on Monday; a reset may also be told as a time.
    private func reset(_ period: String) -> WallTime? {
        let today = CalendarDate(secondsSinceEpoch: self.now.microseconds / 1_000_000)
        let midnight = self.now.microseconds / 86_400_000_000 * 86_400_000_000
        switch UsageObject.plainName(period) {
        case "daily": return WallTime(microseconds: midnight) + .seconds(86_400)
        case "weekly":
            // The first of January 1970 was a Thursday.
            let dayOfWeek = (midnight / 86_400_000_000 + 3) % 7
            return WallTime(microseconds: midnight) + .seconds(86_400 * (7 - dayOfWeek))
        case "monthly":
            let (year, month) = today.month == 12 ? (today.year + 1, 1) : (today.year, today.month + 1)
            return CalendarDate(year: year, month: month, day: 1, hour: 0, minute: 0, second: 0).map {
                WallTime(microseconds: $0.secondsSinceEpoch * 1_000_000)
            }
        default: return UsageNumber.time(period)
        }
    }
}
