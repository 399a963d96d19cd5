import Foundation

/// Answers about an account: the usage windows of Kimi Code and the balances of the others.
enum AccountAnswers {
    /// `GET /coding/v1/usages` in its classic shape; the windows end at the next Monday and the next full five hours.
    static func kimiUsages(now: Date) -> AnswerScript {
        let seconds = Int(now.timeIntervalSince1970)
        let fiveHours = 5 * 3600
        let week = 7 * 86400
        let firstMonday = 4 * 86400
        let windowEnd = (seconds / fiveHours + 1) * fiveHours
        let weekEnd = ((seconds - firstMonday) / week + 1) * week + firstMonday
        return .json([
            "user": ["membership": ["level": "LEVEL_INTERMEDIATE"]],
            "usage": [
                "limit": "2048", "used": "214", "remaining": "1834",
                "resetTime": .string(Self.timestamp(weekEnd, fraction: ".716839300")),
            ],
            "limits": [
                [
                    "window": ["duration": 300, "timeUnit": "TIME_UNIT_MINUTE"],
                    "detail": [
                        "limit": "200", "used": "50", "remaining": "150",
                        "resetTime": .string(Self.timestamp(windowEnd, fraction: "")),
                    ],
                ]
            ],
            "parallel": ["limit": "30"],
            "totalQuota": [:],
            "subType": "TYPE_PURCHASE",
        ])
    }

    /// The balance of an account; what everybody has who is not limited by the scenario.
    static func balance(_ balance: Route.Balance, of standing: AccountBook.Standing?) -> AnswerScript {
        let amount = standing?.balance
        switch balance {
        case .moonshot:
            let available = amount ?? 49.58894
            return .json([
                "code": 0,
                "data": [
                    "available_balance": .number(available), "voucher_balance": .number(max(0, available - 3.00001)),
                    "cash_balance": .number(min(available, 3.00001)),
                ],
                "scode": "0x0",
                "status": true,
            ])
        case .deepSeek:
            let total = amount ?? 110
            return .json([
                "is_available": .bool(total > 0),
                "balance_infos": [
                    [
                        "currency": "CNY", "total_balance": .string(Self.cents(total)),
                        "granted_balance": .string(Self.cents(min(max(total, 0), 10))),
                        "topped_up_balance": .string(Self.cents(max(total - 10, 0))),
                    ]
                ],
            ])
        case .openRouterKey:
            let usage = standing?.spent ?? 1.25
            let limit = standing?.plan.keyLimit
            return .json([
                "data": [
                    "label": "simulated", "limit": limit.map(JSONValue.number) ?? nil, "limit_reset": nil,
                    "limit_remaining": limit.map { .number($0 - usage) } ?? nil, "usage": .number(usage),
                    "usage_daily": .number(min(usage, 0.25)), "usage_weekly": .number(min(usage, 0.75)),
                    "usage_monthly": .number(usage), "is_free_tier": false,
                ]
            ])
        case .openRouterCredits:
            return .json([
                "data": [
                    "total_credits": .number(standing?.plan.balance ?? 25),
                    "total_usage": .number(standing?.spent ?? 1.25),
                ]
            ])
        }
    }

    private static func cents(_ amount: Double) -> String {
        String(format: "%.2f", amount)
    }

    private static func timestamp(_ seconds: Int, fraction: String) -> String {
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return text.dropLast() + fraction + "Z"
    }
}
