import Foundation

/// The answer of `GET /coding/v1/usages` for an account, in the shape that its plan asks for.
struct AccountUsages {
    /// How the account stands.
    let standing: AccountBook.Standing
    /// The time.
    let now: Date

    private typealias Window = AccountBook.Window
    private typealias Member = JSONValue.Member

    /// The answer.
    var script: AnswerScript {
        switch self.standing.plan.shape {
        case .unknown: .json(["status": "ok", "message": "see the new panel"])
        case .wrapped: .json(["code": 0, "data": self.value])
        default: .json(self.value)
        }
    }

    private var shape: AccountPlan.Shape { self.standing.plan.shape }

    private var value: JSONValue {
        let plan = self.standing.plan
        let email: [Member] = plan.email.map { [Member(name: "email", value: .string($0))] } ?? []
        var members = [
            Member(
                name: "user", value: .object([.init(name: "membership", value: ["level": .string(plan.level)])] + email)
            )
        ]
        if let week = self.standing.week, self.shape != .pools, self.shape != .camel {
            members.append(Member(name: "usage", value: .object(self.counts(week))))
        }
        if let window = self.standing.fiveHours, self.shape != .camel {
            members.append(Member(name: "limits", value: [self.item(window)]))
        }
        if [.pools, .camel, .contradicting].contains(self.shape) {
            members.append(Member(name: "usages", value: .object(self.pools)))
        } else if let month = self.standing.month {
            // Only pools tell of a month; the other shapes name it as a limit of its own.
            let length: JSONValue = ["duration": 30, "timeUnit": "TIME_UNIT_DAY"]
            let item: JSONValue = ["window": length, "detail": .object(self.counts(month))]
            members = members.map { member in
                guard member.name == "limits" else { return member }
                return Member(name: member.name, value: .array((member.value.array ?? []) + [item]))
            }
            if self.standing.fiveHours == nil { members.append(Member(name: "limits", value: [item])) }
        }
        return .object(
            members + [
                Member(name: "parallel", value: ["limit": .string(String(plan.parallel))]),
                Member(name: "totalQuota", value: [:]), Member(name: "subType", value: "TYPE_PURCHASE"),
            ])
    }

    private func item(_ window: Window) -> JSONValue {
        if self.shape == .inline {
            return .object([Member(name: "name", value: "5h limit")] + self.counts(window))
        }
        return [
            "window": ["duration": 300, "timeUnit": "TIME_UNIT_MINUTE"], "detail": .object(self.counts(window)),
        ]
    }

    private func counts(_ window: Window) -> [Member] {
        let used = self.shape == .stale ? 0 : window.used
        func number(_ value: Int) -> JSONValue {
            self.shape == .numbers ? .integer(value) : .string(String(value))
        }
        var members = [
            Member(name: "limit", value: self.shape == .numbers ? .number(Double(window.limit)) : number(window.limit))
        ]
        if self.shape != .remaining { members.append(Member(name: "used", value: number(used))) }
        if self.shape != .numbers { members.append(Member(name: "remaining", value: number(window.limit - used))) }
        if self.shape == .relative {
            let seconds = max(0, window.resetsAt.timeIntervalSince(self.now))
            members.append(Member(name: "resetIn", value: .number(seconds)))
        } else {
            members.append(Member(name: "resetTime", value: .string(Self.time(window.resetsAt))))
        }
        return members
    }

    private var pools: [Member] {
        let isCamel = self.shape == .camel
        let pools = [
            ("limit_5h", "limit5h", self.standing.fiveHours), ("limit_7d", "limit7d", self.standing.week),
            ("limit_month_total", "limitMonthTotal", self.standing.month),
        ]
        return pools.compactMap { name, camelName, window in
            guard let window, window.limit > 0 else { return nil }
            let ratio = self.shape == .contradicting ? 0 : Double(window.used) / Double(window.limit)
            return Member(
                name: isCamel ? camelName : name,
                value: [
                    isCamel ? "usedRatio" : "used_ratio": .number(ratio),
                    isCamel ? "resetAt" : "reset_time": .string(Self.time(window.resetsAt)),
                ])
        }
    }

    /// A time in the form of RFC 3339 with nine digits of a second's fraction, as the service writes it.
    static func time(_ date: Date) -> String {
        let milliseconds = Int((date.timeIntervalSince1970 * 1_000).rounded())
        let whole = Date(timeIntervalSince1970: Double(milliseconds / 1_000)).formatted(.iso8601)
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        return "\(whole.dropLast()).\(fraction)000000Z"
    }
}
