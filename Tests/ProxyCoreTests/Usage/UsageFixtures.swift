import ProxyCore
import Testing

/// An answer about usage as some provider sends it, with what it means.
struct UsageFixture: Sendable, CustomTestStringConvertible {
    var name: String
    var endpoint: UsageEndpoint
    var body: String
    /// The windows, each as `name used/limit reset`, `-` for what is unknown and `!` for an inconsistent one.
    var windows: [String] = []
    /// Why nothing is known; `nil` if something is.
    var fault: UsageReading.Fault?

    var testDescription: String { self.name }

    /// 2026-01-06T12:00:00Z, the time of day at which all of them are read.
    static let now = WallTime(microseconds: 1_767_700_800_000_000)

    static let kimi: [UsageFixture] = [
        kimi(
            "classic",
            """
            {"user":{"membership":{"level":"LEVEL_INTERMEDIATE"}},
             "usage":{"limit":"2048","used":"214","remaining":"1834","resetTime":"2026-01-09T15:23:13.716839300Z"},
             "limits":[{"window":{"duration":300,"timeUnit":"TIME_UNIT_MINUTE"},
                        "detail":{"limit":"200","used":"50","remaining":"150","resetTime":"2026-01-06T13:33:02Z"}}],
             "parallel":{"limit":"30"},"totalQuota":{},"subType":"TYPE_PURCHASE"}
            """,
            ["7d 214.0/2048.0 2026-01-09T15:23:13Z", "5h 50.0/200.0 2026-01-06T13:33:02Z"]),
        kimi(
            "ratio pools and a full count of five hours that contradicts its pool",
            """
            {"limits":[{"window":{"duration":300,"timeUnit":"TIME_UNIT_MINUTE"},
                        "detail":{"limit":"100","used":"100","resetTime":"2026-09-22T12:22:15.593402Z"}}],
             "usages":{"limit_5h":{"used_ratio":0,"reset_time":"2026-09-22T12:22:15Z"},
                       "limit_7d":{"used_ratio":0.2,"reset_time":"2026-09-28T00:00:00Z"},
                       "limit_month_total":{"used_ratio":0.0795,"reset_time":"2026-10-22T00:00:00Z"},
                       "limit_month_code":{"used_ratio":0,"reset_time":"2026-10-22T00:00:00Z"}}}
            """,
            [
                "5h 100.0/100.0 2026-09-22T12:22:15Z!", "7d 0.2/1.0 2026-09-28T00:00:00Z",
                "month 0.0795/1.0 2026-10-22T00:00:00Z", "month_code 0.0/1.0 2026-10-22T00:00:00Z",
            ]),
        kimi(
            "a spent week whose pool says nothing is used",
            """
            {"usage":{"limit":100,"used":100,"resetTime":"2026-01-09T00:00:00Z"},
             "usages":{"limit_7d":{"used_ratio":0,"reset_time":"2026-01-12T00:00:00Z"}}}
            """,
            ["7d 100.0/100.0 2026-01-09T00:00:00Z!"]),
        kimi(
            "a pool that is worse than the count",
            #"{"usage":{"limit":100,"used":0},"usages":{"limit_7d":{"used_ratio":0.9,"reset_time":"2026-01-12T00:00:00Z"}}}"#,
            ["7d 0.9/1.0 2026-01-12T00:00:00Z!"]),
        kimi(
            "a pool that is rounded",
            #"{"usage":{"limit":"2048","used":"214","resetTime":"2026-01-09T00:00:00Z"},"usages":{"limit_7d":{"used_ratio":0.1}}}"#,
            ["7d 214.0/2048.0 2026-01-09T00:00:00Z"]),
        kimi(
            "camelCase pools",
            #"{"usages":{"limit5h":{"usedRatio":"0.5","resetAt":"2026-01-06T15:00:00+02:00"},"limitMonthTotal":{"usedRatio":1}}}"#,
            ["5h 0.5/1.0 2026-01-06T13:00:00Z", "month 1.0/1.0 -"]),
        kimi("inside a wrapper", #"{"code":0,"data":{"usage":{"limit":"10","used":"1"}}}"#, ["7d 1.0/10.0 -"]),
        kimi("ints", #"{"usage":{"limit":2048,"used":214}}"#, ["7d 214.0/2048.0 -"]),
        kimi("floats", #"{"usage":{"limit":2048.0,"used":2.14e2}}"#, ["7d 214.0/2048.0 -"]),
        kimi("without used", #"{"usage":{"limit":"100","remaining":"25"}}"#, ["7d 75.0/100.0 -"]),
        kimi("without limit", #"{"usage":{"used":"75","remaining":"25"}}"#, ["7d 75.0/100.0 -"]),
        kimi("used only", #"{"usage":{"used":"75"}}"#, ["7d 75.0/- -"]),
        kimi("remaining only", #"{"usage":{"remaining":"75"}}"#, ["7d -/- -"]),
        kimi("overdrawn", #"{"usage":{"limit":100,"remaining":-5}}"#, ["7d 105.0/100.0 -"]),
        kimi(
            "a limit of zero of which nothing is used",
            #"{"usage":{"limit":"0","used":"0","resetTime":"2026-01-09T00:00:00Z"}}"#,
            ["7d -/- 2026-01-09T00:00:00Z"]),
        kimi("a limit of zero of which nothing remains", #"{"usage":{"limit":0,"remaining":0}}"#, ["7d -/- -"]),
        kimi(
            "three numbers that contradict each other", #"{"usage":{"limit":100,"used":10,"remaining":20}}"#,
            ["7d 80.0/100.0 -!"]),
        kimi("negative use", #"{"usage":{"limit":100,"used":-4}}"#, ["7d -/100.0 -"]),
        kimi(
            "an item without detail",
            #"{"limits":[{"window":{"duration":5,"timeUnit":"HOUR"},"limit":"200","used":"50","reset_at":1767704400}]}"#,
            ["5h 50.0/200.0 2026-01-06T13:00:00Z"]),
        kimi(
            "reset in seconds", #"{"usage":{"limit":1,"used":0,"resetIn":3600}}"#, ["7d 0.0/1.0 2026-01-06T13:00:00Z"]),
        kimi(
            "reset_in as text", #"{"usage":{"limit":1,"used":0,"reset_in":"60"}}"#, ["7d 0.0/1.0 2026-01-06T12:01:00Z"]),
        kimi("ttl", #"{"usage":{"limit":1,"used":0,"ttl":60.5}}"#, ["7d 0.0/1.0 2026-01-06T12:01:00Z"]),
        kimi(
            "window as a number is a reset", #"{"limits":[{"name":"5h limit","limit":1,"used":0,"window":120}]}"#,
            ["5h 0.0/1.0 2026-01-06T12:02:00Z"]),
        kimi(
            "resetAt in milliseconds", #"{"usage":{"limit":1,"used":0,"resetAt":"1767704400000"}}"#,
            ["7d 0.0/1.0 2026-01-06T13:00:00Z"]),
        kimi("a reset that is no time", #"{"usage":{"limit":1,"used":0,"resetTime":"soon"}}"#, ["7d 0.0/1.0 -"]),
        kimi(
            "units of time",
            """
            {"limits":[{"window":{"duration":18000,"timeUnit":"TIME_UNIT_SECOND"},"detail":{"limit":10,"used":1}},
                       {"window":{"duration":"1","timeUnit":"TIME_UNIT_WEEK"},"detail":{"limit":20,"used":1}},
                       {"window":{"duration":1,"timeUnit":"TIME_UNIT_DAY"},"detail":{"limit":30,"used":1}},
                       {"window":{"duration":30,"timeUnit":"TIME_UNIT_DAY"},"detail":{"limit":40,"used":1}},
                       {"window":{"duration":90,"timeUnit":"TIME_UNIT_MINUTE"},"detail":{"limit":50,"used":1}}]}
            """,
            ["5h 1.0/10.0 -", "7d 1.0/20.0 -", "1d 1.0/30.0 -", "month 1.0/40.0 -", "90m 1.0/50.0 -"]),
        kimi(
            "labels instead of lengths",
            """
            {"limits":[{"title":"Weekly limit","detail":{"limit":10,"used":1}},{"scope":"Five hour","limit":20,"used":1},
                       {"name":"K3 High-Speed","limit":30,"used":1},{"limit":40,"used":1}]}
            """,
            ["7d 1.0/10.0 -", "5h 1.0/20.0 -", "k3_high_speed 1.0/30.0 -", "limit_4 1.0/40.0 -"]),
        kimi(
            "two windows of one length about different things",
            """
            {"limits":[{"name":"Chat","window":{"duration":5,"timeUnit":"HOUR"},"detail":{"limit":10,"used":1}},
                       {"name":"K3","window":{"duration":5,"timeUnit":"HOUR"},"detail":{"limit":10,"used":10}}]}
            """,
            ["5h 1.0/10.0 -", "5h_k3 10.0/10.0 -"]),
        kimi("an unknown pool", #"{"usages":{"limit_1d":{"used_ratio":0.25}}}"#, ["1d 0.25/1.0 -"]),
        kimi(
            "a pool in per cent is no ratio",
            #"{"usages":{"limit_5h":{"used_ratio":25,"reset_time":"2026-01-06T13:00:00Z"}}}"#,
            ["5h -/- 2026-01-06T13:00:00Z"]),
        kimi("nothing but zeros", #"{"usage":{"limit":0,"used":0,"remaining":0},"limits":[]}"#, ["7d -/- -"]),
        kimi("extra packs only", #"{"usage":{},"totalQuota":{"limit":"500","used":"500"}}"#, []),
        kimi("no numbers", #"{"usage":{},"limits":[{}]}"#, fault: .nothingKnown),
        kimi("an error", #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#, fault: .reportsError),
        kimi("another shape", #"{"status":"ok"}"#, fault: .unknownShape),
        kimi("a list", "[]", fault: .unknownShape),
        kimi("a page", "<html></html>", fault: .notJSON),
        kimi("an empty body", "", fault: .notJSON),
        kimi("a cut body", #"{"usage":{"limit":"2048","#, fault: .notJSON),
    ]

    static let balances: [UsageFixture] = [
        UsageFixture(
            name: "moonshot", endpoint: .moonshotBalance,
            body:
                #"{"code":0,"data":{"available_balance":49.58894,"voucher_balance":46.58893,"cash_balance":3.00001},"scode":"0x0","status":true}"#,
            windows: ["balance 0.0/49.58894 -"]),
        UsageFixture(
            name: "moonshot in debt", endpoint: .moonshotBalance,
            body:
                #"{"code":0,"data":{"available_balance":-1.5,"voucher_balance":0,"cash_balance":-1.5},"status":true}"#,
            windows: ["balance 0.0/0.0 -"]),
        UsageFixture(
            name: "moonshot without the balance", endpoint: .moonshotBalance, body: #"{"code":0,"data":{}}"#,
            fault: .nothingKnown),
        UsageFixture(
            name: "moonshot with an error", endpoint: .moonshotBalance,
            body: #"{"code":5,"data":{"available_balance":0},"status":false}"#, fault: .reportsError),
        UsageFixture(
            name: "deepseek", endpoint: .deepSeekBalance,
            body: "\n\n"
                + #"{"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"110.00","granted_balance":"10.00","topped_up_balance":"100.00"}]}"#,
            windows: ["balance 0.0/110.0 -"]),
        UsageFixture(
            name: "deepseek with two currencies", endpoint: .deepSeekBalance,
            body:
                #"{"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"0.00"},{"currency":"USD","total_balance":"7.50"}]}"#,
            windows: ["balance 0.0/7.5 -"]),
        UsageFixture(
            name: "deepseek not available", endpoint: .deepSeekBalance,
            body: #"{"is_available":false,"balance_infos":[{"currency":"CNY","total_balance":"3.00"}]}"#,
            windows: ["balance 0.0/0.0 -"]),
        UsageFixture(
            name: "deepseek available without money", endpoint: .deepSeekBalance,
            body: #"{"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"0.00"}]}"#,
            windows: ["balance -/- -!"]),
        UsageFixture(
            name: "deepseek without entries", endpoint: .deepSeekBalance,
            body: #"{"is_available":true,"balance_infos":[]}"#,
            fault: .nothingKnown),
        UsageFixture(
            name: "openrouter without a limit", endpoint: .openRouterKey,
            body:
                #"{"data":{"label":"x","limit":null,"limit_reset":null,"limit_remaining":null,"usage":1.25,"is_free_tier":false}}"#
        ),
        UsageFixture(
            name: "openrouter with a limit", endpoint: .openRouterKey,
            body: #"{"data":{"limit":10,"limit_reset":null,"limit_remaining":2.5,"usage":7.5}}"#,
            windows: ["limit 7.5/10.0 -"]),
        UsageFixture(
            name: "openrouter with a limit by month", endpoint: .openRouterKey,
            body: #"{"data":{"limit":10,"limit_reset":"monthly","limit_remaining":9,"usage":70}}"#,
            windows: ["limit 1.0/10.0 2026-02-01T00:00:00Z"]),
        UsageFixture(
            name: "openrouter with a limit by week", endpoint: .openRouterKey,
            body: #"{"data":{"limit":10,"limit_reset":"weekly","limit_remaining":0,"usage":70}}"#,
            windows: ["limit 10.0/10.0 2026-01-12T00:00:00Z"]),
        UsageFixture(
            name: "openrouter by day, without the rest", endpoint: .openRouterKey,
            body: #"{"data":{"limit":10,"limit_reset":"daily","usage":70}}"#,
            windows: ["limit -/10.0 2026-01-07T00:00:00Z"]),
        UsageFixture(
            name: "openrouter, older, without the rest", endpoint: .openRouterKey,
            body: #"{"data":{"limit":10,"usage":4,"rate_limit":{"requests":10}}}"#, windows: ["limit 4.0/10.0 -"]),
        UsageFixture(
            name: "openrouter without the member", endpoint: .openRouterKey, body: #"{"data":{"usage":4}}"#,
            fault: .nothingKnown),
        UsageFixture(
            name: "openrouter credits", endpoint: .openRouterCredits,
            body: #"{"data":{"total_credits":25.0,"total_usage":1.25}}"#, windows: ["balance 0.0/23.75 -"]),
        UsageFixture(
            name: "openrouter credits used up", endpoint: .openRouterCredits,
            body: #"{"data":{"total_credits":25,"total_usage":25.5}}"#, windows: ["balance 0.0/0.0 -"]),
        UsageFixture(
            name: "openrouter without credits", endpoint: .openRouterCredits,
            body: #"{"data":{"total_credits":0,"total_usage":0}}"#, fault: .nothingKnown),
        UsageFixture(
            name: "openrouter refuses credits", endpoint: .openRouterCredits,
            body: #"{"error":{"code":403,"message":"Only management keys"}}"#, fault: .reportsError),
    ]

    static let all = Self.kimi + Self.balances

    private static func kimi(
        _ name: String, _ body: String, _ windows: [String] = [], fault: UsageReading.Fault? = nil
    ) -> UsageFixture {
        UsageFixture(name: "kimi: " + name, endpoint: .kimiUsages, body: body, windows: windows, fault: fault)
    }
}

extension UsageWindow {
    /// A window in one line, as the fixtures write it.
    var line: String {
        let used = self.used.map { "\($0)" } ?? "-"
        let limit = self.limit.map { "\($0)" } ?? "-"
        return "\(self.name) \(used)/\(limit) \(self.resetsAt?.rfc3339 ?? "-")\(self.isInconsistent ? "!" : "")"
    }

    /// Whether no number is negative or none at all.
    var isSound: Bool {
        [self.used, self.limit].allSatisfy { $0.map { $0.isFinite && $0 >= 0 } ?? true }
            && self.remainingShare.map { (0...1).contains($0) } ?? true
    }
}
