import Foundation
import TestSupport
import Testing

extension Shown {
    /// A setting.
    struct Setting: Decodable {
        var key: String
        var value: String
        var source: String
        var origin: String
        var applies: String
    }

    /// What a reload does to a setting.
    struct Change: Decodable, Equatable {
        var key: String
        var result: String
    }
}

@Suite("The configuration and the log's level can be looked at and tried", .serialized, .timeLimit(.minutes(5)))
struct ConfigurationEndToEndTests {
    private func run(_ body: (DaemonProcess, Steering, String) async throws -> Void) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let text = try String(contentsOfFile: daemon.configurationPath, encoding: .utf8)
                    try await body(daemon, Steering(bus: bus.address), text)
                }
            }
        }
    }

    @Test("a check tells what a reload would do, and changes nothing (T-014, X-024)")
    func checks() async throws {
        try await self.run { daemon, steering, text in
            #expect(try await steering.show([Shown.Change].self, "config", "check").isEmpty)
            let changed =
                text.replacingOccurrences(of: "round-robin", with: "sticky")
                + "[storage]\nbackup = \"2d\"\n[trace]\naudit_keep = \"30d\"\n"
            try daemon.directory.write("kmi.toml", changed)
            let expected: [Shown.Change] = [
                .init(key: "rotation.mode", result: "applied"),
                .init(key: "storage.backup", result: "restart_required"),
                .init(key: "trace.audit_keep", result: "applied"),
            ]
            #expect(try await steering.show([Shown.Change].self, "config", "check") == expected)
            #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "round-robin")
            try daemon.directory.write("kmi.toml", changed + "[log]\nlevel = \"loud\"\n[retry]\nbudgte = 1\n")
            let bad = try await steering.run(["config", "check", "--json"])
            #expect(bad.status == .exited(1))
            #expect(bad.standardOutput.contains("invalid_config"))
            #expect(bad.standardOutput.contains("log.level") && bad.standardOutput.contains("did you mean"))
            try daemon.directory.write("kmi.toml", changed)
            #expect(try await steering.show([Shown.Change].self, "reload") == expected)
            #expect(!daemon.process.text(.standardError).contains("reload_rejected"))
        }
    }

    @Test("what is in force is told with its place, and no secret is in it (T-014, K-009)")
    func shows() async throws {
        try await self.run { daemon, steering, text in
            try await steering.succeed("keys", "disable", "beta")
            let list = try await steering.show([Shown.Setting].self, "config", "show")
            let settings = Dictionary(list.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
            let mode = try #require(settings["rotation.mode"])
            #expect(mode.value == "\"round-robin\"" && mode.source == "file" && mode.applies == "live")
            #expect(mode.origin.hasPrefix(daemon.configurationPath + ":"))
            #expect(settings["control.bus"]?.source == "flag" && settings["control.bus"]?.origin == "--bus")
            #expect(settings["key.alpha.secret"]?.value == "\"file:alpha.key\"")
            #expect(settings["key.beta.enabled"]?.value == "false" && settings["key.beta.enabled"]?.source == "state")
            #expect(settings["key.alpha.enabled"]?.source == "default")
            #expect(!list.contains { $0.value.contains("sk-sim") || $0.value.contains(daemon.token) })
            // What needs a restart is told as it is in force.
            try daemon.directory.write("kmi.toml", text + "[storage]\nbackups_kept = 3\n")
            try await steering.succeed("reload")
            let kept = try await steering.show([Shown.Setting].self, "config", "show", "storage.backups_kept")
            #expect(kept.map(\.value) == ["7"] && kept.map(\.source) == ["default"])
            let table = try await steering.succeed("config", "show", "--changed")
            #expect(table.contains("rotation.mode") && !table.contains("retry.budget"))
            #expect(try await steering.run(["config", "show", "no.such"]).status == .exited(3))
        }
    }

    @Test("the level decides what is logged, and the file's word wins once it changes (T-030)")
    func choosesTheLevel() async throws {
        try await self.run { daemon, steering, text in
            #expect(try await steering.succeed("log-level") == "info")
            func count(_ event: String) -> Int {
                daemon.process.lines(.standardError).filter { $0.contains("\"\(event)\"") }.count
            }
            try await steering.succeed("log-level", "err")
            #expect(try await steering.succeed("log-level") == "err")
            let before = count("setting_changed")
            try await steering.succeed("mode", "sticky")
            // A reload that does not change the level leaves it.
            try await steering.succeed("reload")
            #expect(try await steering.succeed("log-level") == "err")
            try daemon.directory.write("kmi.toml", text + "[log]\nlevel = \"notice\"\n")
            try await steering.succeed("reload")
            #expect(try await steering.succeed("log-level") == "notice")
            try await steering.succeed("mode", "weighted")
            try await eventually("the second change is logged") { count("setting_changed") == before + 1 }
            #expect(try await steering.run(["log-level", "loud"]).status == .exited(64))
            let target = try await FinishedProcess.run(
                "/usr/bin/busctl",
                arguments: [
                    "--address=\(steering.bus)", "get-property", "org.kmi.Proxy1", "/org/freedesktop/LogControl1",
                    "org.freedesktop.LogControl1", "LogTarget",
                ], environment: ["PATH": "/usr/bin:/bin"])
            #expect(target.standardOutput == "s \"console\"")
        }
    }
}
