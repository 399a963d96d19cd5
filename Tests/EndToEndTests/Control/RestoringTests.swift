import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A copy that is put back (A-022, A-025, K-037)", .serialized, .timeLimit(.minutes(5)))
struct RestoringTests {
    /// What a database holds, read with another program.
    private struct Contents: Decodable, Equatable {
        var requests: Int
        var keyCounts: [String: Int]
        var spent: Int
        var addedKeys: [String]
        var schema: Int

        static func of(_ path: String) async throws -> Contents {
            let script = """
                import json, sqlite3, sys
                database = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
                one = lambda sql: database.execute(sql).fetchone()[0]
                print(json.dumps({
                    "requests": one("SELECT count(*) FROM requests"),
                    "keyCounts": dict(database.execute("SELECT label, sum(count) FROM key_counts GROUP BY label")),
                    "spent": one("SELECT coalesce(sum(requests), 0) FROM spending"),
                    "addedKeys": [row[0] for row in database.execute("SELECT label FROM added_keys ORDER BY number")],
                    "schema": one("PRAGMA user_version")}))
                """
            let result = try await FinishedProcess.run(
                "/usr/bin/python3", arguments: ["-c", script, path], environment: ["PATH": "/usr/bin:/bin"])
            guard result.isSuccess else { throw TestFailure(result.standardError) }
            return try JSONDecoder().decode(Contents.self, from: Data(result.standardOutput.utf8))
        }
    }

    private struct Site {
        let directory: TemporaryDirectory
        let steering: Steering
        let configuration: DaemonConfiguration

        func run(_ body: (DaemonProcess) async throws -> Void) async throws {
            try await DaemonProcess.with(
                in: self.directory, token: self.configuration.token, bus: self.steering.bus, body)
        }

        func restore(_ words: String...) async throws -> FinishedProcess {
            try await FinishedProcess.run(
                BuildProducts.path(of: "kmid"),
                arguments: ["restore", "--state-dir", self.directory.path("state")] + words,
                environment: ["HOME": self.directory.path("home"), "PATH": "/usr/bin:/bin"])
        }

        func addKey(_ label: String) async throws {
            let file = try self.directory.write("\(label).txt", "sk-sim-\(label)\n")
            try await self.steering.succeed(
                "keys", "add", label, "--provider", "sim", "--store", "files", "--secret-file", file)
        }
    }

    private func withSite(_ body: (Site) async throws -> Void) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    try await body(
                        Site(
                            directory: directory, steering: Steering(bus: bus.address), configuration: configuration))
                }
            }
        }
    }

    /// Callers that ask without a pause, each of whose requests has to be served.
    private final class Load: Sendable {
        private let state = Mutex((served: 0, isOver: false))

        func run(_ client: RawHTTPClient) async throws {
            while !self.state.withLock({ $0.isOver }) {
                guard try await client.chat().status == 200 else { throw TestFailure("a request failed") }
                self.state.withLock { $0.served += 1 }
            }
        }

        /// Waits until some more requests were served.
        func goOn() async throws {
            let begun = self.state.withLock { $0.served }
            try await eventually("requests are served", within: .seconds(20)) {
                self.state.withLock { $0.served } >= begun + 20
            }
        }

        func end() { self.state.withLock { $0.isOver = true } }
    }

    /// Does something in the midst of requests.
    private func underLoad(_ daemon: DaemonProcess, _ body: () async throws -> Void) async throws {
        let load = Load()
        let client = try daemon.client()
        async let first: Void = load.run(client)
        async let second: Void = load.run(client)
        do {
            defer { load.end() }
            try await load.goOn()
            try await body()
            try await load.goOn()
        }
        _ = try await (first, second)
    }

    @Test("a copy made under load brings counts, sums, keys and settings of its moment back, and nothing is lost")
    func restores() async throws {
        try await self.withSite { site async throws in
            var copy = ""
            try await site.run { daemon async throws in
                try await site.addKey("first")
                try await self.underLoad(daemon) {
                    copy = try await site.steering.succeed("backup").trimmingCharacters(in: .newlines)
                }
                try await site.addKey("later")
                try await site.steering.succeed("mode", "sticky")
                for _ in 0..<5 { _ = try await daemon.servingKey() }

                let refused = try await site.restore(copy)
                #expect(refused.status == .exited(1))
                #expect(refused.standardError.contains("another kmid uses the state directory"))
                #expect(refused.standardOutput.isEmpty)
                daemon.process.send(SIGTERM)
                #expect(try await daemon.process.waitForExit() == .exited(0))
            }
            let before = try await Contents.of(site.directory.path("state/state.sqlite"))
            let kept = try await Contents.of(copy)
            #expect(kept.requests > 0 && kept.requests < before.requests)
            #expect(kept.addedKeys == ["first"] && before.addedKeys == ["first", "later"])
            // Rows, counts and sums of a copy are of one moment.
            #expect(kept.keyCounts.values.reduce(0, +) == kept.requests && kept.spent == kept.requests)

            let looked = try await site.restore("--check", copy)
            #expect(looked.isSuccess)
            #expect(looked.standardOutput.contains("\(kept.requests) requests"))
            #expect(try await Contents.of(site.directory.path("state/state.sqlite")) == before)

            let restored = try await site.restore(copy)
            #expect(restored.isSuccess, "\(restored.standardError)")
            #expect(restored.standardOutput.contains("first: in secrets/"))
            let line = restored.standardOutput.split(separator: "\n").first {
                $0.hasPrefix("what was there before is kept: ")
            }
            let aside = try #require(line?.split(separator: ": ").last.map(String.init))
            #expect(try await Contents.of(aside) == before)

            try await site.run { daemon async throws in
                let keys = try await site.steering.keys()
                #expect(Set(keys.keys) == ["alpha", "beta", "gamma", "first"])
                #expect(keys.mapValues(\.requests).filter { $0.value > 0 } == kept.keyCounts)
                #expect(try await daemon.metric("kmi_key_requests_total") == Double(kept.requests))
                #expect(try await site.steering.show(Shown.Status.self, "status").rotationMode == "round-robin")
                let served = try await [
                    daemon.servingKey(), daemon.servingKey(), daemon.servingKey(), daemon.servingKey(),
                ]
                #expect(Set(served) == Set(keys.keys))
            }
        }
    }

    @Test(
        "a copy that is damaged, newer, foreign or missing is refused with what is wrong, and the state stays as it is")
    func refuses() async throws {
        try await self.withSite { site async throws in
            var copy = ""
            try await site.run { daemon async throws in
                for _ in 0..<30 { _ = try await daemon.servingKey() }
                copy = try await site.steering.succeed("backup").trimmingCharacters(in: .newlines)
                daemon.process.send(SIGTERM)
                #expect(try await daemon.process.waitForExit() == .exited(0))
            }
            let state = site.directory.path("state/state.sqlite")
            let before = try Data(contentsOf: URL(filePath: state))
            let schema = try await Contents.of(copy).schema

            var bytes = try Data(contentsOf: URL(filePath: copy))
            for index in 8192..<(bytes.count - 4096) where index % 4096 < 64 { bytes[index] = 0xAA }
            let damaged = site.directory.path("damaged.sqlite")
            try bytes.write(to: URL(filePath: damaged))

            let newer = site.directory.path("newer.sqlite")
            try FileManager.default.copyItem(atPath: copy, toPath: newer)
            let script =
                "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = \(schema + 1)')"
            let changed = try await FinishedProcess.run("/usr/bin/python3", arguments: ["-c", script, newer])
            #expect(changed.isSuccess)

            let text = try site.directory.write("notes.txt", "no database at all")
            for (path, words) in [
                (damaged, "is damaged"), (newer, "has schema \(schema + 1)"), (text, "is no copy of a state of kmid"),
                (site.directory.path("nothing"), "No such file"),
            ] {
                for options in [[], ["--check"]] {
                    let refused = try await FinishedProcess.run(
                        BuildProducts.path(of: "kmid"),
                        arguments: ["restore", path, "--state-dir", site.directory.path("state")] + options,
                        environment: ["HOME": site.directory.path("home")])
                    #expect(refused.status == .exited(1))
                    #expect(refused.standardError.contains(words), "\(refused.standardError)")
                    #expect(refused.standardOutput.isEmpty)
                }
                #expect(try Data(contentsOf: URL(filePath: state)) == before)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: site.directory.path("state"))
            #expect(names.sorted() == ["backups", "state.sqlite"])
            #expect(
                try await FinishedProcess.run(BuildProducts.path(of: "kmid"), arguments: ["restore"]).status
                    == .exited(64))
        }
    }

    @Test("an older kmid refuses a newer state, and goes on with a copy from before (A-025, K-037)")
    func goesBack() async throws {
        try await self.withSite { site async throws in
            var copy = ""
            try await site.run { daemon async throws in
                _ = try await daemon.servingKey()
                copy = try await site.steering.succeed("backup").trimmingCharacters(in: .newlines)
                daemon.process.send(SIGTERM)
                #expect(try await daemon.process.waitForExit() == .exited(0))
            }
            // What a newer version would have left.
            let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 1000')"
            let state = site.directory.path("state/state.sqlite")
            _ = try await FinishedProcess.run("/usr/bin/python3", arguments: ["-c", script, state])
            let refused = try await FinishedProcess.run(
                BuildProducts.path(of: "kmid"),
                arguments: [
                    "run", "--config", site.directory.path("kmi.toml"), "--state-dir", site.directory.path("state"),
                    "--bus",
                    "none",
                ],
                environment: ["HOME": site.directory.path("home")])
            #expect(refused.status == .exited(1))
            #expect(refused.standardError.contains("has schema 1000"))

            let restored = try await site.restore(copy)
            #expect(restored.isSuccess, "\(restored.standardError)")
            try await site.run { daemon async throws in #expect(try await daemon.client().chat().status == 200) }
        }
    }
}
