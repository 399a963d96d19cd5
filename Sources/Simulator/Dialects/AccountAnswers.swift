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

    /// The balance of an account.
    static func balance(_ balance: Route.Balance) -> AnswerScript {
        switch balance {
        case .moonshot:
            .json([
                "code": 0,
                "data": ["available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001],
                "scode": "0x0",
                "status": true,
            ])
        case .deepSeek:
            .json([
                "is_available": true,
                "balance_infos": [
                    [
                        "currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00",
                        "topped_up_balance": "100.00",
                    ]
                ],
            ])
        case .openRouterKey:
            .json([
                "data": [
                    "label": "simulated", "limit": nil, "limit_reset": nil, "limit_remaining": nil, "usage": 1.25,
                    "usage_daily": 0.25, "usage_weekly": 0.75, "usage_monthly": 1.25, "is_free_tier": false,
                ]
            ])
        case .openRouterCredits:
            .json(["data": ["total_credits": 25.0, "total_usage": 1.25]])
        }
    }

    private static func timestamp(_ seconds: Int, fraction: String) -> String {
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return text.dropLast() + fraction + "Z"
    }
}
