import DBusControl
import Testing

@testable import kmictl

struct OperationTests {
    private static func row(_ id: UInt64, _ action: String, _ target: String, _ result: String, _ detail: String)
        -> AuditRow
    {
        var row = AuditRow()
        row.id = id
        row.at = Samples.now - id * 60 * Samples.second
        row.actor = "uid:1000"
        row.action = action
        row.target = target
        row.result = result
        row.detail = detail
        return row
    }

    private static func daemon() -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.audit.rows = [
                Self.row(2, "key_added", "alpha", "ok", "provider=kimi"),
                Self.row(
                    1, "auth_failed", "", "refused",
                    "reason=unknown token\u{1B}]8;; (12 times, last 2026-01-02T03:04:05Z)"),
            ]
        }
        return daemon
    }

    // MARK: Audit

    @Test("lists events in a table that fits, and nothing in it moves a cursor (K-042, A-005)")
    func listsEvents() async throws {
        let result = try await kmictl("audit", daemon: Self.daemon(), terminal: .plain)
        // The last column goes on below.
        #expect(result.lines.count >= 3)
        #expect(result.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        #expect(result.lines[0].hasPrefix("WHEN"))
        #expect(result.lines[1].contains("uid:1000  key_added    alpha"))
        #expect(!result.output.contains("\u{1B}"))
        let whole = try await kmictl("audit", daemon: Self.daemon())
        #expect(whole.output.contains("unknown token\\u{1b}]8;;") || !whole.output.contains("DETAIL"))
    }

    @Test("the JSON has the names of the bus (X-061)")
    func tellsEventsAsJSON() async throws {
        let result = try await kmictl("audit", "--json", daemon: Self.daemon())
        #expect(
            result.output.hasPrefix(
                #"[{"action":"key_added","actor":"uid:1000","at":"2026-01-02T03:02:05Z","detail":"provider=kimi","#
                    + #""id":2,"result":"ok","target":"alpha"},"#))
        #expect(try await kmictl("audit", "--json").output == "[]\n")
    }

    @Test("hands on every filter, and says where the list goes on (A-024)")
    func filtersEvents() async throws {
        let daemon = Self.daemon()
        daemon.with { $0.audit.cursor = "c2" }
        let result = try await kmictl(
            "audit", "--since", "2h", "--until", "2026-01-02T03:00:00Z", "--action", "key_added", "-n", "7", "--cursor",
            "c1", daemon: daemon)
        var filter = AuditFilter()
        filter.since = Samples.now - 7200 * Samples.second
        filter.until = Samples.now - 245 * Samples.second
        filter.action = "key_added"
        filter.limit = 7
        filter.cursor = "c1"
        #expect(daemon.with { $0.auditFilter } == filter)
        #expect(result.errors == "kmictl: there are more: --cursor c2\n")
        #expect(try await kmictl("audit", "-n", "1001").status == .usage)
        #expect(try await kmictl("audit", "--since", "1h", "--until", "2h").status == .usage)
    }

    // MARK: Backup and the end

    @Test("prints where the copy lies (A-022)")
    func backsUp() async throws {
        let daemon = FakeDaemon()
        let path = "/state/backups/state-20260102T030405Z.sqlite"
        #expect(try await kmictl("backup", daemon: daemon).output == path + "\n")
        #expect(try await kmictl("backup", "--json").output == "{\"path\":\"\(path)\"}\n")
        #expect(daemon.with { $0.timeout } == .seconds(120))
        daemon.with { $0.failure = ControlClientError(.busy, "no space is left; remove old copies") }
        let failed = try await kmictl("backup", "--json", daemon: daemon)
        #expect(failed.status == .failed)
        #expect(failed.output == #"{"error":{"code":"busy","message":"no space is left; remove old copies"}}"# + "\n")
    }

    @Test("asks before the daemon is ended, and waits for its end (K-028)")
    func drains() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.failureOnceDrained = ControlClientError(.unreachable, "nobody is there") }
        let refused = try await kmictl("drain", daemon: daemon, terminal: .plain, input: "n\n")
        #expect(refused.status == .failed)
        #expect(daemon.asked.isEmpty)
        let result = try await kmictl("drain", daemon: daemon, terminal: .plain, input: "y\n")
        #expect(result.status == .success)
        #expect(daemon.asked == ["manager", "drain", "manager"])
        #expect(result.errors.hasSuffix("the daemon has ended.\n"))
    }

    @Test("a script is not asked, and need not wait")
    func drainsWithoutWaiting() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("drain", "--no-wait", "--json", daemon: daemon)
        #expect(result.output == #"{"action":"drained","ended":false}"# + "\n")
        #expect(daemon.asked == ["manager", "drain"])
        let gone = FakeDaemon()
        gone.with { $0.failure = ControlClientError(.unreachable, "nobody is there") }
        #expect(try await kmictl("drain", "--yes", daemon: gone).status == .unreachable)
    }

    // MARK: The log

    @Test("shows and chooses the level of the log, in syslog's words or one's own (T-030)")
    func choosesTheLevel() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("log-level", daemon: daemon).output == "notice\n")
        #expect(try await kmictl("log-level", "debug", daemon: daemon).output == "debug\n")
        #expect(
            try await kmictl("log-level", "error", "--json", daemon: daemon).output == #"{"log_level":"err"}"# + "\n")
        #expect(daemon.asked == ["log level", "log level debug", "log level", "log level err", "log level"])
        let unknown = try await kmictl("log-level", "loud")
        #expect(unknown.status == .usage)
        #expect(unknown.errors.contains("there is no level loud. Expected debug, info"))
    }

    // MARK: Configuration

    private static func configured() -> FakeDaemon {
        func row(_ key: String, _ value: String, _ source: String, _ origin: String, _ applies: String)
            -> ConfigurationRow
        {
            var row = ConfigurationRow()
            (row.key, row.value, row.source, row.origin, row.applies) = (key, value, source, origin, applies)
            return row
        }
        let daemon = FakeDaemon()
        daemon.with { state in
            state.configuration = [
                row("rotation.mode", "\"sticky\"", "file", "/etc/kmi/kmi.toml:3", "live"),
                row("rotation.affinity", "true", "default", "", "live"),
                row("server.listen", "[\"127.0.0.1:7878\"]", "default", "", "restart"),
                row("auth.hmac", "\"off\"", "default", "", "live"),
                row("key.alpha.priority", "9", "state", "", "live"),
            ]
        }
        return daemon
    }

    @Test("shows the configuration in force, whole, in part, or what is no default (T-014)")
    func showsTheConfiguration() async throws {
        let all = try await kmictl("config", "show", daemon: Self.configured(), terminal: .plain)
        #expect(
            all.output == """
                SETTING             VALUE               CHANGE   SOURCE   WHERE
                rotation.mode       "sticky"            live     file     /etc/kmi/kmi.toml:3
                rotation.affinity   true                live     default
                server.listen       ["127.0.0.1:7878"]  restart  default
                auth.hmac           "off"               live     default
                key.alpha.priority  9                   live     state

                """)
        let part = try await kmictl("config", "show", "rotation", "key.alpha", "-q", daemon: Self.configured())
        #expect(part.lines == ["rotation.mode", "rotation.affinity", "key.alpha.priority"])
        let changed = try await kmictl("config", "show", "--changed", "-q", daemon: Self.configured())
        #expect(changed.lines == ["rotation.mode", "key.alpha.priority"])
        let json = try await kmictl("config", "show", "rotation.mode", "--json", daemon: Self.configured())
        #expect(
            json.output
                == #"[{"applies":"live","key":"rotation.mode","origin":"/etc/kmi/kmi.toml:3","source":"file","#
                + #""value":"\"sticky\""}]"# + "\n")
        let unknown = try await kmictl("config", "show", "rotation.mood", daemon: Self.configured())
        #expect(unknown.status == .notFound)
        #expect(unknown.errors.contains("there is no setting rotation.mood. Did you mean rotation.mode?"))
    }

    @Test("checks the configuration, and tells every problem of it (T-014, X-024)")
    func checksTheConfiguration() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.entries = [
                ReloadEntry(key: "log.level", result: "applied", reason: "in force for new requests")
            ]
        }
        let good = try await kmictl("config", "check", daemon: daemon)
        #expect(good.status == .success)
        #expect(good.lines.last == "log.level  applied  in force for new requests")
        daemon.with { $0.failure = ControlClientError(.invalidConfig, "a:1: x: bad\na:2: y: worse") }
        let bad = try await kmictl("config", "check", daemon: daemon)
        #expect(bad.status == .failed)
        #expect(bad.errors == "kmictl: a:1: x: bad\na:2: y: worse\n")
        #expect(try await kmictl("config", "check", "--json", daemon: daemon).output.contains("\"invalid_config\""))
    }
}
