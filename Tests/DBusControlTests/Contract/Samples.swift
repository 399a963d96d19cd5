import DBusControl

/// Values in which everything is set, so that a field that goes missing shows.
enum Samples {
    static let manager: ManagerStatus = {
        var status = ManagerStatus()
        status.version = "1.2.3"
        status.commit = "0123456789abcdef0123456789abcdef01234567"
        status.builtAt = 1_767_000_000_000_000
        status.state = "degraded"
        status.degraded = ["bus", "storage"]
        status.listeners = ["http://127.0.0.1:7878", "unix:/run/user/1000/kmi/proxy.sock"]
        status.rotationMode = "most-remaining"
        status.activeKey = "alpha"
        status.dryRun = true
        status.startedAt = 1_767_225_600_000_000
        status.keysTotal = 3
        status.keysUsable = 2
        status.requestsInFlight = 7
        status.nextUsableAt = 1_767_225_660_000_000
        status.warnings = ["prices_old: the price table is 200 days old"]
        status.jobs = [Self.job]
        return status
    }()

    static let job: JobStatus = {
        var job = JobStatus()
        job.name = "backup"
        job.isRunning = true
        job.lastStart = 1_767_225_600_000_001
        job.lastSuccess = 1_767_225_600_000_002
        job.lastError = "no space left"
        job.consecutiveFailures = 3
        job.failures = 4
        job.overruns = 5
        job.skipped = 6
        job.nextRun = 1_767_225_660_000_003
        return job
    }()

    static let key: KeyStatus = {
        var status = KeyStatus()
        status.label = "alpha"
        status.provider = "kimi"
        status.state = "cooling"
        status.reason = "rate_limited"
        status.usableAt = 1_767_225_660_000_000
        status.warn = true
        status.enabled = false
        status.priority = -5
        status.weight = 9
        status.limits[.rpm] = 60
        status.limits[.inFlight] = 4
        status.account = "me@example.com"
        status.origin = "state"
        status.masked = "sk-a***wxyz"
        status.fingerprint = "0123456789ab"
        status.windows = [
            KeyStatus.Window(name: "5h", used: 12.5, limit: 100, resetsAt: 1_767_225_700_000_000),
            KeyStatus.Window(name: "month", used: 0.25, limit: 1, resetsAt: 0),
        ]
        status.inconsistentWindows = ["5h"]
        status.inFlight = 4
        status.requests = 12_345
        status.errors = ["rate_limited": 3, "timeout": 1]
        status.lastUsedAt = 1_767_225_650_000_000
        status.modelStates = [
            KeyStatus.ModelState(
                model: "kimi-for-coding", state: "cooling", reason: "rate_limited", usableAt: 1_767_225_670_000_000)
        ]
        return status
    }()

    static let provider: ProviderStatus = {
        var status = ProviderStatus()
        status.name = "kimi"
        status.kind = "kimi"
        status.baseURL = "https://api.kimi.com/coding/v1"
        status.breaker = "open"
        status.breakerRetryAt = 1_767_225_610_000_000
        status.overloadedUntil = 1_767_225_605_000_000
        status.keys = ["alpha", "my-key"]
        status.models = ["kimi-for-coding"]
        return status
    }()

    static let setting: ConfigurationRow = {
        var row = ConfigurationRow()
        row.key = "rotation.mode"
        row.value = "\"sticky\""
        row.source = "file"
        row.origin = "/etc/kmi/kmi.toml:3"
        row.applies = "live"
        return row
    }()

    static let audited: AuditRow = {
        var row = AuditRow()
        row.id = 7
        row.at = 1_767_225_600_000_000
        row.actor = "uid:1000"
        row.action = "key_added"
        row.target = "alpha"
        row.result = "ok"
        row.detail = "provider kimi"
        return row
    }()

    static let diagnosed: DiagnosisRow = {
        var row = DiagnosisRow()
        row.check = "clock"
        row.subject = "ntp"
        row.result = "warn"
        row.message = "the clock is not synchronised"
        row.advice = "start systemd-timesyncd"
        return row
    }()

    static let explained: ExplainRow = {
        var row = ExplainRow()
        row.provider = "kimi"
        row.key = "alpha"
        row.model = "kimi-for-coding"
        row.isChosen = true
        row.selection = "trial"
        row.state = "cooling"
        row.obstacle = "state"
        row.reason = "provider_rate_limited"
        row.usableAt = 1_767_225_660_000_000
        row.breaker = "half_open"
        row.candidate = 2
        return row
    }()

    static let summary: RequestSummary = {
        var first = RequestSummary.Row()
        first.key = "alpha"
        first.provider = "kimi"
        first.requests = 30
        first.isEligible = true
        first.weight = 3
        var second = RequestSummary.Row()
        second.key = "beta"
        second.provider = "kimi"
        second.requests = 10
        return RequestSummary(rows: [first, second])
    }()

    static let client: ClientStatus = {
        var status = ClientStatus()
        status.name = "ci"
        status.scopes = ["inference", "metrics"]
        status.models = ["k2"]
        status.routes = ["/v1/chat/completions", "/v1/messages/*"]
        status.projects = ["thesis"]
        status.limits[.tpm] = 9
        status.expiresAt = 1_798_761_600_000_000
        status.lastSeenAt = 1_767_225_650_000_000
        status.requests = 99
        return status
    }()

    static let usage: [UsageRow] = {
        var row = UsageRow()
        row.key = "alpha"
        row.provider = "kimi"
        row.model = "kimi-k2"
        row.client = ""
        row.project = "demo"
        row.process = "python3"
        row.day = "2026-01-01"
        row.hour = 1_767_225_600_000_000
        row.requests = 12
        row.tokens = ["input": 1, "cache_read": 2, "cache_write": 3, "output": 4, "reasoning": 5]
        row.cost = 123_456_789
        row.unpriced = 6
        row.uncertain = 7
        return [row]
    }()

    static let prices: PriceStatus = {
        var status = PriceStatus()
        status.version = "2026-07"
        status.effectiveDate = "2026-07-01"
        status.sha256 = "ab12"
        status.models = 2345
        status.source = "imported"
        status.ageDays = 12
        status.finding = PriceStatus.Finding(
            provider: "moonshot", basis: "table",
            entry: PriceStatus.Entry(name: "kimi-k2", prices: ["input_cost_per_token": 600_000]))
        return status
    }()

    static let row: RequestRow = {
        var row = RequestRow()
        row.id = "req-1"
        row.receivedAt = 1_767_225_600_000_000
        row.client = "ci"
        row.project = "demo"
        row.dialect = "openai"
        row.model = "k2"
        row.provider = "kimi"
        row.key = "beta"
        row.status = 200
        row.errorClass = "rate_limited"
        row.isStream = true
        row.outcome = "complete"
        row.duration = 1_500_000
        row.firstByte = 250_000
        row.attempts = [
            Self.attempt("alpha", errorClass: "rate_limited", status: 429), Self.attempt("beta", status: 200),
        ]
        row.tokens = ["input": 100, "output": 20]
        row.cost = 123_456_789
        row.usedModel = "kimi-k2-0905"
        row.quality = "estimated"
        row.pricing = "priced"
        row.priceVersion = "2026-07"
        row.process = "python3"
        row.processID = 4711
        row.unit = "app.slice"
        row.user = "me"
        row.userID = 1000
        row.requestBody = "{}"
        row.answerBody = "data: [DONE]\n"
        row.areBodiesCut = true
        row.dropped = 3
        return row
    }()

    static func attempt(_ key: String, errorClass: String = "", status: UInt32) -> RequestRow.Attempt {
        var attempt = RequestRow.Attempt()
        attempt.key = key
        attempt.provider = "kimi"
        attempt.errorClass = errorClass
        attempt.status = status
        attempt.duration = 5000
        attempt.selection = "turn"
        attempt.isPossiblyBilled = true
        attempt.decidedBy = "status"
        attempt.waited = 2000
        attempt.model = "kimi-k2"
        attempt.tokens = ["input": 100, "cache_write_1h": 7]
        attempt.quality = "reported"
        attempt.isInconsistent = true
        attempt.cost = 23
        attempt.pricing = "plan"
        attempt.priceVersion = "2026-06"
        attempt.passedOver = key == "alpha" ? [:] : ["alpha": "tried"]
        return attempt
    }
}
