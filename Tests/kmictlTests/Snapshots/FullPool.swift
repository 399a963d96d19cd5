import DBusControl

@testable import kmictl

/// A daemon with much of everything: keys in every state, long names, names that want to do something to a terminal.
enum FullPool {
    /// As long as a label may be.
    static let longLabel = "a-label-of-64-characters-which-is-as-long-as-it-may-be-012345678"
    /// No daemon gives such names; should one, they do no harm (A-005).
    static let hostile = "evil\u{1B}[2J\u{202E}\n<b>\u{7}"

    /// How many requests there are.
    static var count: Int { Self.rows.count }

    static func fill(_ state: inout FakeDaemon.State) {
        state.manager = Self.manager
        state.keys = Self.keys
        state.providers = Self.providers
        state.clients = Self.clients
        state.rows = Self.rows
        state.cursor = "7f3a"
        state.usage = Self.usage
        state.prices = Samples.prices
        state.explanation = Self.explanation
        state.summary = Self.summary
        state.diagnosis = [
            DiagnosisRow(
                "version", "libcurl", "fail", "7.80 is older than 7.88", advice: "upgrade it, or the distribution"),
            DiagnosisRow("config", Self.hostile, "warn", Self.hostile, advice: Self.hostile),
            DiagnosisRow(
                "permissions", "/home/someone/.local/state/kmi/secrets/\(Self.longLabel)", "fail",
                "a secret that others may read (mode 0644) is not used",
                advice: "make a new key at the provider, or chmod 600 it if nobody else has been there"),
            DiagnosisRow("clock", "", "ok", "it is synchronised"),
        ]
        state.audit = AuditPage(rows: Self.audit, cursor: "41")
        state.configuration = Self.configuration
        state.entries = [
            ReloadEntry(key: "rotation.mode", result: "applied", reason: ""),
            ReloadEntry(
                key: "server.limits.connections", result: "restart_required", reason: "connections are counted"),
            ReloadEntry(key: "key.\(Self.longLabel).priority", result: "applied", reason: ""),
            ReloadEntry(
                key: "server.listen", result: "rejected", reason: "127.0.0.1:7878 is taken by python3 (pid 4711)"),
        ]
    }

    static func empty(_ state: inout FakeDaemon.State) {
        state.manager = ManagerStatus()
        state.manager.version = "0.1.0"
        state.manager.state = "running"
        state.manager.rotationMode = "round-robin"
        state.manager.listeners = ["http://127.0.0.1:7878"]
        state.manager.startedAt = Samples.now - 2 * Samples.second
        state.keys = []
        state.providers = []
        state.clients = []
        state.rows = []
        state.usage = []
        state.explanation = []
        state.summary = RequestSummary(rows: [])
        state.entries = []
        state.prices = PriceStatus()
        state.prices.version = "2026-07"
        state.prices.source = "embedded"
        state.metrics = ""
    }

    private static let audit: [AuditRow] = {
        func row(
            _ id: UInt64, _ age: UInt64, _ actor: String, _ action: String, _ target: String, _ result: String = "ok",
            _ detail: String = ""
        ) -> AuditRow {
            var row = AuditRow()
            (row.id, row.at, row.actor) = (id, Samples.now - age * Samples.second, actor)
            (row.action, row.target, row.result, row.detail) = (action, target, result, detail)
            return row
        }
        return [
            row(45, 3, "uid:1000", "key_added", Self.longLabel, "ok", "provider moonshot, priority 0, weight 1"),
            row(44, 61, "address:127.0.0.1", "auth_failed", "", "refused", "no token"),
            row(43, 86_400, "daemon", "mode_repaired", "/home/me/.local/state/kmi/state.sqlite"),
            row(42, 90_000, Self.hostile, Self.hostile, Self.hostile, "failed", Self.hostile),
        ]
    }()

    private static let configuration: [ConfigurationRow] = {
        func row(_ key: String, _ value: String, _ source: String, _ origin: String, _ applies: String)
            -> ConfigurationRow
        {
            var row = ConfigurationRow()
            (row.key, row.value, row.source, row.origin, row.applies) = (key, value, source, origin, applies)
            return row
        }
        let file = "/home/me/.config/kmi/kmi.toml"
        return [
            row(
                "server.listen", #"["127.0.0.1:7878", "unix:/run/user/1000/kmi/other.sock"]"#, "file", "\(file):2",
                "restart"),
            row("server.dry_run", "true", "environment", "KMI_SERVER_DRY_RUN", "live"),
            row("rotation.mode", #""sticky""#, "state", "", "live"),
            row("rotation.affinity", "true", "default", "", "live"),
            row("control.bus", #""session""#, "flag", "--bus", "restart"),
            row("key.\(Self.longLabel).secret", #""file:alpha.key""#, "file", "\(file):41", "live"),
            row("key.alpha.headers", Self.hostile, "file", Self.hostile, "live"),
        ]
    }()

    private static let manager: ManagerStatus = {
        var status = Samples.manager
        status.state = "degraded"
        status.degraded = ["storage"]
        status.activeKey = "alpha"
        status.keysTotal = 11
        status.keysUsable = 3
        status.dryRun = true
        status.warnings = ["prices_old: the price table is 200 days old; kmictl prices import FILE replaces it"]
        var backup = JobStatus()
        backup.name = "backup"
        backup.lastStart = Samples.now - 60 * Samples.second
        backup.lastError = "no space left"
        backup.consecutiveFailures = 1
        backup.failures = 2
        backup.nextRun = Samples.now + 60 * Samples.second
        status.jobs = [backup]
        status.commit = "0123456789abcdef0123456789abcdef01234567"
        status.builtAt = Samples.now - 10 * 86_400 * Samples.second
        return status
    }()

    private static let keys: [KeyStatus] = {
        var alpha = Samples.key("alpha", "usable")
        alpha.requests = 1_234_567
        alpha.inFlight = 3
        alpha.priority = -5
        alpha.limits[.rpm] = 600
        alpha.account = "someone@example.org"
        alpha.origin = "file"
        alpha.windows = [
            KeyStatus.Window(name: "5h", used: 12, limit: 100, resetsAt: Samples.now + 7500 * Samples.second),
            KeyStatus.Window(name: "7d", used: 0.85, limit: 1, resetsAt: Samples.now + 270_000 * Samples.second),
            KeyStatus.Window(name: "month", used: .nan, limit: .nan, resetsAt: 0),
        ]
        alpha.inconsistentWindows = ["7d"]
        var long = Samples.key(Self.longLabel, "cooling", reason: "provider_rate_limited", back: 90)
        long.provider = "moonshot"
        long.weight = 1000
        long.windows = [KeyStatus.Window(name: "balance", used: 0, limit: 12.5, resetsAt: 0)]
        var beta = Samples.key("beta", "exhausted", reason: "provider_quota_exhausted", back: 3 * 86_400 + 7)
        beta.windows = [
            KeyStatus.Window(name: "5h", used: 100, limit: 100, resetsAt: Samples.now + 90 * Samples.second),
            KeyStatus.Window(
                name: "requests-per-day-and-organization", used: 9_950, limit: 10_000,
                resetsAt: Samples.now + 86_399 * Samples.second),
        ]
        beta.errors = ["provider_quota_exhausted": 4, "provider_timeout": 1, "provider_overloaded": 12]
        var gamma = Samples.key("gamma", "billing", reason: "provider_billing", back: 3600)
        gamma.windows = [KeyStatus.Window(name: "balance", used: 0, limit: -0.25, resetsAt: 0)]
        var delta = Samples.key("delta", "suspect", reason: "provider_auth_failed", back: 30)
        delta.provider = "anthropic"
        var epsilon = Samples.key("epsilon", "invalid", reason: "provider_auth_failed", back: 36_000)
        epsilon.provider = "openai"
        epsilon.lastUsedAt = 0
        epsilon.requests = 0
        var zeta = Samples.key("zeta", "disabled")
        zeta.enabled = false
        zeta.origin = "state"
        var eta = Samples.key("eta", "usable")
        eta.warn = true
        eta.modelStates = [
            KeyStatus.ModelState(
                model: "kimi-k2-turbo-preview", state: "cooling", reason: "provider_rate_limited",
                usableAt: Samples.now + 12 * Samples.second),
            KeyStatus.ModelState(model: "kimi-for-coding", state: "cooling", reason: "provider_forbidden", usableAt: 0),
        ]
        var evil = Samples.key(Self.hostile, "usable")
        evil.provider = Self.hostile
        evil.modelStates = [
            KeyStatus.ModelState(model: Self.hostile, state: "exhausted", reason: Self.hostile, usableAt: 0)
        ]
        // Two cells for each sign, and a state of a later version.
        var wide = Samples.key("鍵-キー", "resting", reason: "provider_asleep", back: 5)
        wide.windows = [KeyStatus.Window(name: "5h", used: 0, limit: 100, resetsAt: 0)]
        let local = Samples.key("local", "usable")
        return [alpha, long, beta, gamma, delta, epsilon, zeta, eta, evil, wide, local]
    }()

    private static let providers: [ProviderStatus] = {
        var kimi = Samples.provider("kimi")
        kimi.models = ["kimi-for-coding", "kimi-k2-turbo-preview"]
        return [
            kimi, Samples.provider("moonshot", breaker: "open", retry: 8),
            Samples.provider("openai", breaker: "half_open"),
            Samples.provider("anthropic", overloaded: 30), Samples.provider(Self.hostile, breaker: "open"),
        ]
    }()

    private static let clients: [ClientStatus] = {
        var laptop = ClientStatus()
        laptop.name = "laptop"
        laptop.scopes = ["inference", "metrics", "priority:high"]
        laptop.models = ["kimi-for-coding", "claude-sonnet-4-5-20250929", "gpt-5.1-codex-max"]
        laptop.expiresAt = Samples.now + 30 * 86_400 * Samples.second
        laptop.lastSeenAt = Samples.now - 61 * Samples.second
        laptop.requests = 1_234_567
        laptop.project = "website"
        laptop.origin = "state"
        var old = ClientStatus()
        old.name = "expired-last-year"
        old.scopes = ["inference"]
        old.expiresAt = Samples.now - 400 * 86_400 * Samples.second
        var evil = ClientStatus()
        evil.name = Self.hostile
        evil.scopes = [Self.hostile]
        return Samples.clients + [laptop, old, evil]
    }()

    private static let rows: [RequestRow] = {
        var plain = Samples.row("req-1", status: 200)
        plain.tokens = ["input": 1200, "cache_read": 31_000, "output": 845, "reasoning": 300]
        plain.quality = "exact"
        plain.pricing = "priced"
        plain.priceVersion = "2026-07"
        plain.cost = 12_345_678_900
        plain.usedModel = "kimi-k2-0905"
        plain.isStream = true
        plain.process = "claude"
        plain.processID = 4711
        plain.user = "me"
        plain.userID = 1000
        plain.unit = "app.slice"
        plain.requestBody = "{\"model\":\"kimi-for-coding\",\n\"messages\":[]}"
        plain.answerBody = "data: {}\n\ndata: \u{1B}]0;title\u{7}\n"
        plain.areBodiesCut = true
        var failed = Samples.row("0b8f2d4e-5f3b-4d0e-9a55-0c6f9a1b2c3d", status: 429)
        failed.receivedAt = Samples.now - 125 * Samples.second
        failed.model = "claude-sonnet-4-5-20250929"
        failed.errorClass = "provider_rate_limited"
        failed.outcome = "complete"
        failed.duration = 61_250_000
        failed.tokens = [:]
        failed.cost = nil
        failed.pricing = "unpriced"
        failed.project = "website"
        failed.attempts = Self.attempts
        failed.provider = "moonshot"
        failed.key = Self.longLabel
        var left = Samples.row("req-left", status: 0)
        left.receivedAt = Samples.now - 2 * 86_400 * Samples.second
        left.outcome = "left"
        left.errorClass = "caller_cancelled"
        left.duration = 350
        left.firstByte = 0
        left.quality = "partial"
        left.client = ""
        var cut = Samples.row("req-cut", status: 200)
        cut.outcome = "cut"
        cut.isStream = true
        cut.errorClass = "provider_protocol"
        cut.quality = "estimated"
        var evil = Samples.row(Self.hostile, status: 200)
        evil.model = Self.hostile
        evil.client = Self.hostile
        evil.process = Self.hostile
        return [plain, failed, left, cut, evil]
    }()

    private static let attempts: [RequestRow.Attempt] = {
        var first = RequestRow.Attempt()
        first.key = "alpha"
        first.provider = "kimi"
        first.status = 500
        first.errorClass = "provider_server_error"
        first.duration = 30_000_000
        first.selection = "affinity"
        first.decidedBy = "status:5xx"
        first.isPossiblyBilled = true
        first.passedOver = ["beta": "exhausted", "zeta": "disabled"]
        var second = RequestRow.Attempt()
        second.key = Self.longLabel
        second.provider = "moonshot"
        second.model = "kimi-k2-turbo-preview"
        second.status = 429
        second.errorClass = "provider_rate_limited"
        second.duration = 1_250_000
        second.waited = 250_000
        second.selection = "turn"
        second.decidedBy = "moonshot.rate_limit_reached_error"
        second.tokens = ["input": 10]
        second.quality = "partial"
        second.pricing = "unpriced"
        return [first, second]
    }()

    private static let usage: [UsageRow] = {
        var unknown = Samples.usage("", requests: 2, tokens: [0, 0, 0, 0, 0], cost: nil, unpriced: 2)
        unknown.model = ""
        return [
            Samples.usage(
                "claude-sonnet-4-5-20250929", requests: 1_234_567, tokens: [12_345_678, 900_000_000, 70, 60, 5],
                cost: 123_456_789_000_000),
            Samples.usage(
                "kimi-for-coding", requests: 12, tokens: [1234, 0, 0, 567, 0], cost: 4_200_000_000, unpriced: 1,
                uncertain: 2),
            Samples.usage(Self.hostile, requests: 1, tokens: [1, 0, 0, 1, 0], cost: 0), unknown,
        ]
    }()

    private static let explanation: [ExplainRow] = [
        Samples.explained("alpha", selection: "affinity"),
        Samples.explained("beta", state: "cooling", obstacle: "state", reason: "provider_rate_limited", back: 90),
        Samples.explained("gamma", obstacle: "turn"),
        Samples.explained(
            Self.longLabel, of: "moonshot", model: "kimi-k2-turbo-preview", obstacle: "provider", breaker: "open",
            back: 8),
        Samples.explained(Self.hostile, of: Self.hostile, obstacle: Self.hostile),
    ]

    private static let summary: RequestSummary = {
        func row(_ key: String, _ provider: String, _ requests: UInt64, isEligible: Bool = true) -> RequestSummary.Row {
            var row = RequestSummary.Row()
            row.key = key
            row.provider = provider
            row.requests = requests
            row.isEligible = isEligible
            return row
        }
        return RequestSummary(rows: [
            row("alpha", "kimi", 120), row("beta", "kimi", 80), row("zeta", "kimi", 1, isEligible: false),
            row(Self.longLabel, "moonshot", 3), row(Self.hostile, Self.hostile, 0),
        ])
    }()
}
