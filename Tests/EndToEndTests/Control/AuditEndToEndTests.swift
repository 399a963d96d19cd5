import Foundation
import Glibc
import TestSupport
import Testing

extension Shown {
    /// An event of the audit.
    struct Event: Decodable {
        var id: Int
        var at: String
        var actor: String
        var action: String
        var target: String
        var result: String
        var detail: String
    }
}

@Suite("What was done and refused is on record (K-042, contract section 11)", .serialized, .timeLimit(.minutes(5)))
struct AuditEndToEndTests {
    private func events(_ steering: Steering, _ action: String? = nil) async throws -> [Shown.Event] {
        guard let action else { return try await steering.show([Shown.Event].self, "audit") }
        return try await steering.show([Shown.Event].self, "audit", "--action", action)
    }

    private func event(_ steering: Steering, _ action: String) async throws -> Shown.Event {
        let events = try await self.events(steering, action)
        guard let newest = events.first else { throw TestFailure("there is no event \(action)") }
        return newest
    }

    @Test("each event of the contract is told with its actor, its target and its result, also after a kill")
    func tellsEachEvent() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    // Closed by the start.
                    chmod(try directory.makeDirectory("state"), 0o755)
                    let steering = Steering(bus: bus.address)
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        try await self.doEverything(directory, steering, $0)
                        try await $0.killHard()
                    }
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) { _ in
                        try await self.expectEverything(directory, steering)
                    }
                }
            }
        }
    }

    private func doEverything(
        _ directory: TemporaryDirectory, _ steering: Steering, _ daemon: DaemonProcess
    ) async throws {
        for _ in 0..<5 { #expect(try await daemon.stranger().chat().status == 401) }
        try await steering.succeed("keys", "disable", "gamma")
        let pinned = try await daemon.client().chat(fields: [("X-KMI-Key", "gamma")])
        #expect(pinned.status == 503 || pinned.status == 429)
        let secret = try directory.write("work.txt", "sk-sim-work")
        try await steering.succeed("keys", "add", "work", "--provider", "sim", "--secret-file", secret)
        try await steering.succeed("keys", "reset", "work")
        try await steering.succeed("keys", "reset", "--all")
        try await steering.succeed("keys", "remove", "work", "--yes")
        try await steering.succeed("mode", "sticky")
        try await steering.succeed("rotate", "beta")
        try await steering.succeed("clients", "create", "laptop")
        try await steering.succeed("clients", "revoke", "laptop", "--yes")
        try await steering.succeed("log-level", "debug")
        let text = try String(contentsOfFile: directory.path("kmi.toml"), encoding: .utf8)
        try directory.write("kmi.toml", text + "[log]\nlevel = \"notice\"\n")
        try await steering.succeed("reload")
        try directory.write("kmi.toml", text + "[log]\nlevel = \"loud\"\n")
        #expect(try await steering.run(["reload"]).isSuccess == false)
        // The next daemon is to log where it listens.
        try directory.write("kmi.toml", text)
        try await steering.succeed("backup")
        // The last ones are on their way to the disk; whoever reads waits for them.
        _ = try await self.events(steering)
    }

    private func expectEverything(_ directory: TemporaryDirectory, _ steering: Steering) async throws {
        let user = "uid:\(geteuid())"
        let failed = try await self.event(steering, "auth_failed")
        #expect(failed.actor == "address:127.0.0.1" && failed.result == "refused")
        #expect(failed.detail.contains("5 times"), "\(failed.detail)")
        let blocked = try await self.event(steering, "blocked_key_used")
        #expect(blocked.actor == "address:127.0.0.1" && blocked.target == "gamma" && blocked.result == "refused")
        #expect(blocked.detail.contains("state=disabled") && blocked.detail.contains("client=test"))
        let repaired = try await self.event(steering, "permission_repaired")
        #expect(repaired.actor == "daemon" && repaired.target == directory.path("state"))
        let targets = [
            "key_changed": "gamma", "key_added": "work", "key_reset": "work", "keys_reset": "", "key_removed": "work",
            "setting_changed": "rotation.mode", "rotated": "beta", "client_created": "laptop",
            "client_revoked": "laptop", "log_level_changed": "log.level",
        ]
        for (action, target) in targets {
            let event = try await self.event(steering, action)
            #expect(event.actor == user && event.target == target && event.result == "ok", "\(event)")
        }
        let reloads = try await self.events(steering, "config_reloaded")
        #expect(reloads.map(\.result) == ["failed", "ok"])
        #expect(reloads.map(\.actor) == [user, user])
        #expect(reloads.first?.detail.contains("log.level") == true)
        #expect(reloads.last?.detail.contains("log.level applied") == true)
        let copied = try await self.event(steering, "backup_made")
        #expect(copied.actor == user && copied.target.hasPrefix(directory.path("state/backups/state-")))
        // The text, the document and the pages tell the same.
        let all = try await self.events(steering)
        var paged: [Int] = []
        var cursor: [String] = []
        repeat {
            let page = try await steering.run(["--json", "audit", "--limit", "3"] + cursor)
            paged += try JSONDecoder().decode([Shown.Event].self, from: Data(page.standardOutput.utf8)).map(\.id)
            cursor =
                page.standardError.split(separator: " ").last.map {
                    ["--cursor", "\($0)".trimmingCharacters(in: .newlines)]
                } ?? []
        } while !cursor.isEmpty
        #expect(paged == all.map(\.id))
        #expect(try await steering.succeed("audit", "--action", "rotated").contains("beta"))
    }

    @Test(
        "a turn or a reset that was answered is on record, however soon the daemon is killed (K-042)",
        arguments: [["rotate", "beta"], ["keys", "reset", "beta"], ["keys", "reset", "--all"]])
    func isKeptWithTheDeed(_ words: [String]) async throws {
        let action = words[0] == "rotate" ? "rotated" : words[2] == "--all" ? "keys_reset" : "key_reset"
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        #expect(try await steering.run(words).isSuccess)
                        try await $0.killHard()
                    }
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) { _ in
                        let kept = try await self.events(steering, action)
                        #expect(kept.count == 1)
                    }
                }
            }
        }
    }

    @Test("what the daemon closes while somebody looks is its own deed (K-042, K-047)")
    func repairsByItself() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let path = daemon.directory.path("state")
                    try #require(chmod(path, 0o755) == 0)
                    // Whatever else it finds.
                    _ = try await steering.run(["doctor", "--offline"])
                    let repaired = try await self.events(steering, "permission_repaired")
                    #expect(repaired.map(\.target) == [path])
                    #expect(repaired.map(\.actor) == ["daemon"])
                    #expect(repaired.map(\.detail) == [""])
                }
            }
        }
    }

    @Test("a copy by hand opens with SQLite and is whole (A-022)")
    func copies() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    for _ in 0..<5 { _ = try await daemon.servingKey() }
                    try await steering.succeed("mode", "sticky")
                    let path = try await steering.succeed("backup").trimmingCharacters(in: .newlines)
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    #expect(attributes[.posixPermissions] as? Int == 0o600)
                    let script = """
                        import sqlite3, sys
                        database = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
                        print(database.execute("PRAGMA integrity_check").fetchone()[0])
                        print(database.execute("SELECT count(*) FROM requests").fetchone()[0])
                        print(database.execute("SELECT count(*) FROM audit WHERE action = 'setting_changed'").fetchone()[0])
                        """
                    let result = try await FinishedProcess.run(
                        "/usr/bin/python3", arguments: ["-c", script, path], environment: ["PATH": "/usr/bin:/bin"])
                    #expect(result.standardOutput.split(separator: "\n") == ["ok", "5", "1"])
                }
            }
        }
    }

    @Test(
        "a disk without room for a copy is told with what to do, and leaves nothing behind (A-022)",
        .enabled(if: SmallDisk.isPermitted))
    func tellsOfAFullDisk() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    try await SmallDisk.with(at: try directory.makeDirectory("state")) { disk in
                        var configuration = DaemonConfiguration.threeKeys(simulator)
                        configuration.tables["storage"] = "backup = 0"
                        try DaemonProcess.write(configuration, to: directory)
                        try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) { _ in
                            let steering = Steering(bus: bus.address)
                            let result = try await steering.run(["backup", "--json"])
                            #expect(result.status == .exited(1))
                            #expect(result.standardOutput.contains("\"busy\""))
                            #expect(result.standardOutput.contains("free some space"))
                            let left = try FileManager.default.contentsOfDirectory(atPath: disk.path + "/backups")
                            #expect(left.isEmpty)
                            let event = try await self.event(steering, "backup_made")
                            #expect(event.result == "failed")
                        }
                    }
                }
            }
        }
    }

    @Test("a flood of failed authentication takes a few rows, and all of it is counted")
    func foldsAFlood() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let stranger = try daemon.stranger()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for worker in 0..<4 {
                            group.addTask {
                                for number in 0..<100 {
                                    let response = try await stranger.chat(
                                        fields: number % 2 == 0 ? [] : [("Authorization", "Bearer wrong-\(worker)")])
                                    guard response.status == 401 else { throw TestFailure("\(response.status)") }
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                    let events = try await self.events(Steering(bus: bus.address), "auth_failed")
                    #expect(events.count == 2)
                    #expect(events.allSatisfy { $0.detail.contains("(200 times, last ") })
                    #expect(!events.contains { $0.detail.contains("wrong-") })
                }
            }
        }
    }
}
