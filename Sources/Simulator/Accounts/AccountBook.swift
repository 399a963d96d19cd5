import Foundation
import Synchronization

/// Counts what each credential uses of its plan.
final class AccountBook: Sendable {
    /// How a window stands.
    struct Window: Sendable, Equatable {
        var limit: Int
        var used: Int
        var resetsAt: Date
    }

    /// Why a request is not served.
    enum Refusal: Sendable, Equatable {
        case fiveHours
        case week
        case month
        case requests
        case balance
        case inFlight
    }

    /// How an account stands.
    struct Standing: Sendable, Equatable {
        var plan: AccountPlan
        var fiveHours: Window?
        var week: Window?
        var month: Window?
        var requests: Window?
        var spent = 0.0
        /// What is left of the money.
        var balance: Double? { self.plan.balance.map { $0 - self.spent } }
    }

    private struct Counter: Sendable {
        let plan: AccountPlan.Window
        var used: Int
        var end: Date

        init(_ plan: AccountPlan.Window, at now: Date) {
            self.plan = plan
            self.used = plan.used
            self.end = now.addingTimeInterval(Double(plan.resetsIn ?? plan.length) / 1_000)
        }

        /// Begins anew as often as the window has ended.
        mutating func roll(at now: Date) {
            guard now >= self.end else { return }
            let length = Double(self.plan.length) / 1_000
            self.end += (((now.timeIntervalSince(self.end)) / length).rounded(.down) + 1) * length
            self.used = 0
        }

        var window: Window { Window(limit: self.plan.limit, used: self.used, resetsAt: self.end) }
    }

    private struct Account: Sendable {
        let plan: AccountPlan
        var fiveHours: Counter?
        var week: Counter?
        var month: Counter?
        var requests: Counter?
        var spent = 0.0

        init(_ plan: AccountPlan, at now: Date) {
            self.plan = plan
            self.fiveHours = plan.fiveHours.map { Counter($0, at: now) }
            self.week = plan.week.map { Counter($0, at: now) }
            self.month = plan.month.map { Counter($0, at: now) }
            self.requests = plan.requests.map { Counter($0, at: now) }
        }

        mutating func roll(at now: Date) {
            self.fiveHours?.roll(at: now)
            self.week?.roll(at: now)
            self.month?.roll(at: now)
            self.requests?.roll(at: now)
        }

        var standing: Standing {
            Standing(
                plan: self.plan, fiveHours: self.fiveHours?.window, week: self.week?.window,
                month: self.month?.window, requests: self.requests?.window, spent: self.spent)
        }

        func refusal(inFlight: Int) -> Refusal? {
            func isFull(_ counter: Counter?) -> Bool { counter.map { $0.used >= $0.plan.limit } ?? false }
            if let most = self.plan.inFlight, inFlight > most { return .inFlight }
            if isFull(self.month) { return .month }
            if isFull(self.week) { return .week }
            if isFull(self.fiveHours) { return .fiveHours }
            if isFull(self.requests) { return .requests }
            if let balance = self.plan.balance, balance - self.spent <= 0 { return .balance }
            return nil
        }

        mutating func count() {
            self.fiveHours?.used += 1
            self.week?.used += 1
            self.month?.used += 1
            self.requests?.used += 1
            self.spent += self.plan.cost
        }
    }

    private struct State {
        var plans: [AccountPlan]
        var accounts: [String: Account] = [:]
        var began: Date
    }

    private static let accountLimit = 10_000
    private let state: Mutex<State>

    /// Starts with the plans of a scenario; the windows begin now.
    init(_ plans: [AccountPlan], at now: Date) {
        self.state = Mutex(State(plans: plans, began: now))
    }

    /// Puts other plans in force; all counts begin anew.
    func replace(_ plans: [AccountPlan], at now: Date) {
        self.state.withLock { $0 = State(plans: plans, began: now) }
    }

    /// Begins all counts anew.
    func reset(at now: Date) {
        self.state.withLock { $0 = State(plans: $0.plans, began: now) }
    }

    /// How the account of a credential stands; `nil` if the scenario has none for it.
    func look(_ key: String?, at now: Date) -> Standing? {
        self.withAccount(key, at: now) { $0.standing }
    }

    /// Counts a request, unless the account does not allow it; a refused request is not counted.
    ///
    /// - Parameter inFlight: The requests that run with this credential, this one included.
    func use(_ key: String?, inFlight: Int, at now: Date) -> (standing: Standing, refusal: Refusal?)? {
        self.withAccount(key, at: now) { account in
            let refusal = account.refusal(inFlight: inFlight)
            if refusal == nil { account.count() }
            return (account.standing, refusal)
        }
    }

    private func withAccount<Result: Sendable>(
        _ key: String?, at now: Date, _ body: (inout Account) -> Result
    ) -> Result? {
        guard let key else { return nil }
        return self.state.withLock { state in
            if state.accounts[key] == nil {
                guard let plan = state.plans.first(where: { Glob.matches($0.key, key) }),
                    state.accounts.count < Self.accountLimit
                else { return nil }
                state.accounts[key] = Account(plan, at: state.began)
            }
            state.accounts[key]?.roll(at: now)
            return state.accounts[key].map { account in
                var account = account
                defer { state.accounts[key] = account }
                return body(&account)
            }
        }
    }
}
