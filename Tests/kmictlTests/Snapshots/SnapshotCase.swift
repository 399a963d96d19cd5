import DBusControl

@testable import kmictl

/// A command line of which it is kept what it prints, and whose JSON has a schema.
struct SnapshotCase: Sendable, CustomStringConvertible {
    /// The words behind `kmictl`.
    let words: [String]
    /// The schema of its document in `schemas/v1/`, without `.json`; `nil` where it prints none.
    let schema: String?
    /// What comes from the standard input.
    let input: String
    /// Changes the daemon beside filling it.
    let change: @Sendable (inout FakeDaemon.State) -> Void

    init(
        _ line: String, _ schema: String?, input: String = "",
        _ change: @escaping @Sendable (inout FakeDaemon.State) -> Void = { _ in }
    ) {
        self.words = line.split(separator: " ").map(String.init)
        self.schema = schema
        self.input = input
        self.change = change
    }

    /// The line, and the name of its file with `-` for what a file name does without.
    var description: String { (["kmictl"] + self.words).joined(separator: " ") }

    /// The name of the file.
    var name: String {
        let words = self.words.isEmpty ? ["kmictl"] : self.words
        return words.joined(separator: "-").split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
            .joined(separator: "-")
    }
}

extension SnapshotCase {
    /// Every command, with the options that change what it prints; a new command needs a line here.
    static let all: [SnapshotCase] = [
        SnapshotCase("", "status"), SnapshotCase("status", "status"),
        SnapshotCase("keys", "keys"), SnapshotCase("keys list", "keys"),
        SnapshotCase("keys show alpha", "key"), SnapshotCase("keys show eta", "key"),
        SnapshotCase("keys show beta", "key"),
        SnapshotCase("keys show alhpa", nil),
        SnapshotCase("keys add new --provider kimi --secret-file -", "change", input: "sk-new"),
        SnapshotCase("keys remove alpha beta --yes", "changes"), SnapshotCase("keys remove alpha", "change"),
        SnapshotCase("keys enable alpha", "change"), SnapshotCase("keys disable alpha beta", "changes"),
        SnapshotCase("keys reset", "reset"), SnapshotCase("keys reset alpha", "change"),
        SnapshotCase("keys probe alpha", "probe") { $0.probe = "invalid provider_auth_failed" },
        SnapshotCase("keys rekey alpha --secret-file -", "change", input: "sk-new"),
        SnapshotCase("keys set alpha beta --priority 3 --rpm 60", "changes"),
        SnapshotCase("providers", "providers"), SnapshotCase("providers list", "providers"),
        SnapshotCase("providers add box --kind local --base http://127.0.0.1:1234", "change"),
        SnapshotCase("providers remove kimi", "change"),
        SnapshotCase("clients", "clients"), SnapshotCase("clients list", "clients"),
        SnapshotCase("clients create laptop", "token"), SnapshotCase("env", "environment"),
        SnapshotCase("env --shell fish --client desk", "environment"),
        SnapshotCase("clients revoke ci --yes", "change"),
        SnapshotCase("rotate", "rotation"), SnapshotCase("rotate beta", "rotation"),
        SnapshotCase("mode", "mode"), SnapshotCase("mode sticky", "mode"), SnapshotCase("mode stikcy", nil),
        SnapshotCase("requests", "requests"), SnapshotCase("requests --summary", "summary"),
        SnapshotCase("request req-1", "request"), SnapshotCase("request req-1 --bodies", "request"),
        SnapshotCase("request 0b8f2d4e-5f3b-4d0e-9a55-0c6f9a1b2c3d", "request"),
        SnapshotCase("request req-left", "request"),
        SnapshotCase("explain kimi-for-coding", "explain"), SnapshotCase("explain --request req-1", "explain"),
        SnapshotCase("health", "health"), SnapshotCase("health --refresh", "health"),
        SnapshotCase("usage", "usage"),
        SnapshotCase("usage --by day,key", "usage") { state in
            for index in state.usage.indices {
                (state.usage[index].day, state.usage[index].key) = ("2026-01-0\(index + 1)", "alpha")
                state.usage[index].model = nil
            }
        },
        SnapshotCase("usage --by hour", "usage") { state in
            for index in state.usage.indices {
                state.usage[index].hour = Samples.now - Samples.now % 3_600_000_000
                state.usage[index].model = nil
            }
        },
        SnapshotCase("prices", "prices"), SnapshotCase("prices show", "prices"),
        SnapshotCase("prices show kimi-k2", "prices") { state in
            state.prices.finding = PriceStatus.Finding(
                provider: "kimi", basis: "table",
                entry: PriceStatus.Entry(
                    name: "moonshot/kimi-k2",
                    prices: ["input_cost_per_token": 600_000, "output_cost_per_token": 2_500_000]))
        },
        SnapshotCase("prices show no-such-model", nil) {
            $0.prices.finding = PriceStatus.Finding(provider: "kimi", basis: "none", entry: nil)
        },
        SnapshotCase("prices import -", "prices-import", input: "{}"),
        SnapshotCase("reload", "reload"), SnapshotCase("metrics", "metrics"), SnapshotCase("version", "version"),
        // Whatever commit the test is built from.
        SnapshotCase("doctor", "doctor") { $0.manager.commit = VersionText.commit },
        SnapshotCase("doctor --offline", "doctor") { state in
            state.manager.version = "9.9.9"
            state.manager.commit = VersionText.commit
        },
        SnapshotCase("import missing.env", "import"), SnapshotCase("keys import missing.env", "import"),
        SnapshotCase("config show", "config"), SnapshotCase("config show --changed rotation", "config"),
        SnapshotCase("config check", "reload"), SnapshotCase("audit", "audit"), SnapshotCase("backup", "backup"),
        SnapshotCase("drain --yes --no-wait", "drain"),
        SnapshotCase("drain --yes", "drain") { $0.failureOnceDrained = ControlClientError(.unreachable, "gone") },
        SnapshotCase("log-level", "log-level"), SnapshotCase("log-level debug", "log-level"),
        SnapshotCase("stauts", nil),
    ]

    /// Commands of which no snapshot is kept here, and why.
    static let elsewhere: [String: String] = [
        "top": "a screen and no lines: its own tests compare whole screens",
        "run": "what is printed is the command's",
    ]

    /// Lines of a following, one document each.
    static let following = SnapshotCase("requests --follow", "request") { state in
        state.followed = state.rows
        for index in state.followed.indices {
            (state.followed[index].requestBody, state.followed[index].answerBody) = (nil, nil)
        }
        state.followed[1].dropped = 17
    }
}
