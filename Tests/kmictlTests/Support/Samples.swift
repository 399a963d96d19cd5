import DBusControl

@testable import kmictl

/// What the fake daemon tells.
enum Samples {
    /// 2026-01-02T03:04:05Z in microseconds.
    static let now: UInt64 = 1_767_323_045_000_000
    static let second: UInt64 = 1_000_000

    static let manager: ManagerStatus = {
        var status = ManagerStatus()
        status.version = "0.1.0"
        status.state = "running"
        status.listeners = ["http://127.0.0.1:7878", "unix:/run/user/1000/kmi/proxy.sock"]
        status.rotationMode = "round-robin"
        status.activeKey = "alpha"
        status.startedAt = Samples.now - 3600 * Samples.second
        status.keysTotal = 3
        status.keysUsable = 1
        status.requestsInFlight = 2
        status.nextUsableAt = Samples.now + 90 * Samples.second
        return status
    }()

    static let keys: [KeyStatus] = [
        Samples.key("alpha", "usable"), Samples.key("beta", "cooling", reason: "provider_rate_limited", back: 90),
        Samples.key("gamma", "invalid", reason: "provider_auth_failed", back: 600),
    ]

    static func key(_ label: String, _ state: String, reason: String = "", back: UInt64 = 0) -> KeyStatus {
        var key = KeyStatus()
        key.label = label
        key.provider = "kimi"
        key.state = state
        key.origin = "file"
        key.reason = reason
        key.usableAt = back == 0 ? 0 : Samples.now + back * Samples.second
        key.masked = "sk-a***wxyz"
        key.fingerprint = "0123456789ab"
        key.requests = 100
        key.errors = reason.isEmpty ? [:] : [reason: 2]
        key.lastUsedAt = Samples.now - 5 * Samples.second
        return key
    }

    static let providers: [ProviderStatus] = [Samples.provider("kimi")]

    static func provider(_ name: String, breaker: String = "closed", retry: UInt64 = 0, overloaded: UInt64 = 0)
        -> ProviderStatus
    {
        var provider = ProviderStatus()
        provider.name = name
        provider.kind = "kimi"
        provider.baseURL = "https://api.kimi.com/coding/v1"
        provider.breaker = breaker
        provider.breakerRetryAt = retry == 0 ? 0 : Samples.now + retry * Samples.second
        provider.overloadedUntil = overloaded == 0 ? 0 : Samples.now + overloaded * Samples.second
        return provider
    }

    static let explanation: [ExplainRow] = [
        Samples.explained("alpha", selection: "affinity"),
        Samples.explained("beta", state: "cooling", obstacle: "state", reason: "provider_rate_limited", back: 90),
        Samples.explained("gamma", obstacle: "turn"),
        Samples.explained("delta", of: "moonshot", model: "kimi-k2", obstacle: "provider", breaker: "open", back: 8),
    ]

    static func explained(
        _ key: String, of provider: String = "kimi", model: String = "kimi-for-coding", selection: String = "",
        state: String = "usable", obstacle: String = "", reason: String = "", breaker: String = "closed",
        back: UInt64 = 0
    ) -> ExplainRow {
        var row = ExplainRow()
        row.provider = provider
        row.key = key
        row.model = model
        row.isChosen = !selection.isEmpty
        row.selection = selection
        row.state = state
        row.obstacle = obstacle
        row.reason = reason
        row.usableAt = back == 0 ? 0 : Samples.now + back * Samples.second
        row.breaker = breaker
        row.candidate = 1
        return row
    }

    static let prices: PriceStatus = {
        var status = PriceStatus()
        status.version = "2026-07"
        status.effectiveDate = "2026-07-01"
        status.sha256 = "ab12"
        status.models = 2345
        status.source = "embedded"
        status.ageDays = 12
        return status
    }()

    static func usage(
        _ model: String, requests: UInt64, tokens: [UInt64], cost: Int64?, unpriced: UInt64 = 0, uncertain: UInt64 = 0
    ) -> UsageRow {
        var row = UsageRow()
        row.model = model
        row.requests = requests
        row.tokens = Dictionary(zip(TokenClass.all, tokens)) { first, _ in first }
        row.cost = cost
        row.unpriced = unpriced
        row.uncertain = uncertain
        return row
    }

    static let clients: [ClientStatus] = {
        var client = ClientStatus()
        client.name = "ci"
        client.scopes = ["inference"]
        client.requests = 7
        return [client]
    }()

    static let rows: [RequestRow] = [Samples.row("req-1", status: 200), Samples.row("req-2", status: 502)]

    static func row(_ id: String, status: UInt32) -> RequestRow {
        var attempt = RequestRow.Attempt()
        attempt.key = "alpha"
        attempt.provider = "kimi"
        attempt.status = status == 200 ? 200 : 500
        attempt.errorClass = status == 200 ? "" : "provider_server_error"
        attempt.duration = 1_250_000
        var row = RequestRow()
        row.id = id
        row.receivedAt = Samples.now - 3 * Samples.second
        row.client = "ci"
        row.dialect = "openai"
        row.model = "kimi-for-coding"
        row.provider = "kimi"
        row.key = "alpha"
        row.status = status
        row.errorClass = status == 200 ? "" : "provider_server_error"
        row.outcome = "complete"
        row.duration = 1_250_000
        row.firstByte = 350_000
        row.attempts = [attempt]
        row.tokens = ["input": 10, "output": 20]
        row.cost = 1_500_000
        return row
    }
}
