/// Reads what Moonshot and DeepSeek tell of an account's money (provider facts, sections 3 and 7).
///
/// What can be spent becomes the one window `balance`; its currency is the provider's.
enum BalanceReader {
    /// `GET /v1/users/me/balance` of Moonshot; nothing available means that requests are refused.
    static func readMoonshot(_ answer: UsageObject) throws(UsageReading.Fault) -> UsageReport {
        guard let data = answer.object("data") else {
            throw answer.value("error") != nil ? .reportsError : .unknownShape
        }
        if answer.number("code").map({ $0 != 0 }) == true || answer.flag("status") == false { throw .reportsError }
        guard let available = data.number("availablebalance") else { throw .nothingKnown }
        return UsageReport(windows: [.balance(available)])
    }

    /// `GET /user/balance` of DeepSeek, which has one entry for each currency: the first that holds anything is the one
    /// that is spent.
    ///
    /// An account that is not available has nothing to spend, whatever its entries say. One that is, although no entry
    /// holds anything, contradicts itself: how much there is is unknown then.
    static func readDeepSeek(_ answer: UsageObject) throws(UsageReading.Fault) -> UsageReport {
        let isAvailable = answer.flag("isavailable")
        let hasEntries = if case .array = answer.value("balanceinfos") { true } else { false }
        guard isAvailable != nil || hasEntries else {
            throw answer.value("error") != nil ? .reportsError : .unknownShape
        }
        if isAvailable == false { return UsageReport(windows: [.balance(0)]) }
        let totals = answer.objects("balanceinfos").compactMap { $0.number("totalbalance") }
        guard let total = totals.first(where: { $0 > 0 }) ?? totals.first else { throw .nothingKnown }
        if total <= 0, isAvailable == true {
            return UsageReport(windows: [
                UsageWindow(name: UsageWindow.balanceName, isInconsistent: true, source: .panel)
            ])
        }
        return UsageReport(windows: [.balance(total)])
    }
}

extension UsageWindow {
    /// What can be spent; a debt leaves nothing.
    static func balance(_ amount: Double) -> UsageWindow {
        UsageWindow(name: self.balanceName, used: 0, limit: max(amount, 0), source: .panel)
    }
}
