import Foundation
import Synchronization
import TestSupport
import Testing

/// What `kmictl keys` tells of what a person has set.
private struct ProvidedKey: Decodable {
    var label: String
    var state: String
    var limits: [String: Int]
    var account: String?
    var origin: String
    var fingerprint: String
    var requests: Int
}

/// Callers that send one request after the other, each of which has to be served.
private final class Load: Sendable {
    private let state = Mutex((served: 0, isOver: false))

    /// Requests that were served.
    var served: Int { self.state.withLock { $0.served } }

    func end() { self.state.withLock { $0.isOver = true } }

    func run(_ client: RawHTTPClient) async throws {
        while !self.state.withLock({ $0.isOver }) {
            let answer = try await client.chat()
            guard answer.status == 200 else { throw TestFailure("\(answer.status) \(answer.text)") }
            self.state.withLock { $0.served += 1 }
        }
    }
}

@Suite("Keys that are given, limited and given other secrets (K-009, K-013)", .serialized, .timeLimit(.minutes(5)))
struct KeyProvisionTests {
    private struct Site {
        let simulator: SimulatorProcess
        let directory: TemporaryDirectory
        let steering: Steering
        let configuration: DaemonConfiguration

        /// Runs a daemon in the directory of all of them.
        func run(_ body: (DaemonProcess) async throws -> Void) async throws {
            try await DaemonProcess.with(
                in: self.directory, token: self.configuration.token, bus: self.steering.bus, body)
        }

        func key(_ label: String) async throws -> ProvidedKey {
            try await self.steering.show(ProvidedKey.self, "keys", "show", label)
        }

        /// A file with the secret that the simulator knows by a name.
        func secret(_ name: String) throws -> String {
            try self.directory.write("\(name).txt", "sk-sim-\(name)\n")
        }
    }

    private func withSite(
        keys: [String] = ["alpha"], scenario: String? = nil, _ body: (Site) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with(scenario: scenario) { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    var configuration = DaemonConfiguration(simulator, keys: keys)
                    configuration.tables["rotation"] = "affinity = false"
                    try DaemonProcess.write(configuration, to: directory)
                    try await body(
                        Site(
                            simulator: simulator, directory: directory, steering: Steering(bus: bus.address),
                            configuration: configuration))
                }
            }
        }
    }

    // MARK: add

    @Test("what is said of a key survives a kill; a second label or secret is refused with its holder (K-036)")
    func adds() async throws {
        try await self.withSite { site in
            let steering = site.steering
            try await site.run { daemon in
                try await steering.succeed(
                    "keys", "add", "mine", "--provider", "sim", "--rps", "5", "--in-flight", "2", "--account",
                    "me@example.org", "--store", "files", "--secret-file", site.secret("mine"))
                let mine = try await site.key("mine")
                #expect(mine.limits == ["rps": 5, "rpm": 0, "tpm": 0, "in_flight": 2])
                #expect(mine.account == "me@example.org" && mine.origin == "state")
                #expect(try await site.key("alpha").origin == "file")
                #expect(try await site.key("alpha").account == nil)
                for (label, secret, holder) in [
                    ("mine", "other", "mine"), ("alpha", "other", "alpha"), ("third", "mine", "mine"),
                    ("third", "alpha", "alpha"),
                ] {
                    let refused = try await steering.run(
                        ["keys", "add", label, "--provider", "sim", "--secret-file", site.secret(secret)])
                    #expect(refused.status == .exited(1))
                    #expect(refused.standardError.contains("key \"\(holder)\""), "\(refused.standardError)")
                }
                for words in [["--store", "secret-service"], ["--account", "nobody"], ["--rps", "2000000000"]] {
                    let refused = try await steering.run(
                        ["keys", "add", "third", "--provider", "sim", "--secret-file", site.secret("third")] + words)
                    #expect(refused.status == .exited(words[0] == "--store" ? 1 : 64), "\(refused.standardError)")
                }
                #expect(!daemon.process.text(.standardError).contains("sk-sim-mine"))
                try await daemon.killHard()
            }
            try await site.run { _ in
                let mine = try await site.key("mine")
                #expect(mine.limits["rps"] == 5 && mine.limits["in_flight"] == 2)
                #expect(mine.account == "me@example.org" && mine.state == "usable")
            }
        }
    }

    // MARK: limits

    @Test("limits of a key of the file are in force for the next request and after a kill, until its entry changes")
    func limits() async throws {
        try await self.withSite { site in
            try await site.run { daemon in
                #expect(try await daemon.client().chat().status == 200)
                try await site.steering.succeed("keys", "set", "alpha", "--rpm", "1")
                #expect(try await daemon.client().chat().status == 200)
                let limited = try await daemon.client().chat()
                #expect(limited.status == 429)
                #expect(limited["X-KMI-Error"] == "rate_limited")
                try await site.steering.succeed("keys", "set", "alpha", "--rpm", "0")
                for _ in 0..<3 { #expect(try await daemon.client().chat().status == 200) }
                try await site.steering.succeed("keys", "set", "alpha", "--rpm", "1", "--tpm", "500")
                try await daemon.killHard()
            }
            try await site.run { daemon in
                #expect(try await site.key("alpha").limits == ["rps": 0, "rpm": 1, "tpm": 500, "in_flight": 0])
                #expect(try await daemon.client().chat().status == 200)
                #expect(try await daemon.client().chat().status == 429)
                let text = try String(contentsOfFile: daemon.configurationPath, encoding: .utf8)
                try site.directory.write(
                    "kmi.toml",
                    text.replacingOccurrences(of: "label = \"alpha\"", with: "label = \"alpha\"\nrpm = 1000"))
                try await site.steering.succeed("reload")
                #expect(try await site.key("alpha").limits == ["rps": 0, "rpm": 1000, "tpm": 500, "in_flight": 0])
            }
        }
    }

    @Test("requests that race with a change of limits are never admitted above the old and the new ones (K-026)")
    func limitsUnderLoad() async throws {
        try await self.withSite { site in
            try await site.run { daemon in
                try await site.steering.succeed("keys", "set", "alpha", "--in-flight", "4")
                let client = try daemon.client()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            for _ in 0..<10 {
                                let status = try await client.chat(model: "sim-head-5").status
                                guard status == 200 || status == 429 else { throw TestFailure("status \(status)") }
                            }
                        }
                    }
                    for limit in [3, 2, 4, 1, 4] {
                        try await site.steering.succeed("keys", "set", "alpha", "--in-flight", "\(limit)")
                    }
                    try await group.waitForAll()
                }
                #expect(try await site.simulator.statistics().key("alpha").maxInFlight <= 4)
                try await site.steering.succeed("keys", "set", "alpha", "--in-flight", "1")
                try await site.simulator.reset()
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<8 { group.addTask { try await client.chat(model: "sim-head-20").status } }
                    for try await status in group { #expect(status == 200 || status == 429) }
                }
                #expect(try await site.simulator.statistics().key("alpha").maxInFlight == 1)
            }
        }
    }

    // MARK: rekey

    @Test("a secret that is replaced under load loses no request, and the next one is sent with the new one")
    func rekeysUnderLoad() async throws {
        try await self.withSite(keys: []) { site in
            try await site.run { daemon in
                try await site.steering.succeed(
                    "keys", "add", "mine", "--provider", "sim", "--secret-file", site.secret("one"))
                let client = try daemon.client()
                let load = Load()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { try await load.run(client) } }
                    group.addTask {
                        defer { load.end() }
                        for (name, count) in [("two", 20), ("three", 60)] {
                            try await eventually("requests are served") { load.served >= count }
                            try await site.steering.succeed(
                                "keys", "rekey", "mine", "--secret-file", site.secret(name))
                        }
                        try await eventually("requests are served") { load.served >= 100 }
                    }
                    try await group.waitForAll()
                }
                let before = try await site.simulator.statistics()
                for _ in 0..<3 { #expect(try await client.chat().status == 200) }
                let after = try await site.simulator.statistics()
                for name in ["one", "two", "three"] { #expect(before.key(name).requests > 0) }
                #expect(after.key("one") == before.key("one") && after.key("two") == before.key("two"))
                #expect(after.key("three").requests == before.key("three").requests + 3)
                #expect(try await site.key("mine").requests == load.served + 3, "counts stay")
                let log = daemon.process.text(.standardError)
                #expect(log.components(separatedBy: "key_secret_replaced").count == 3)
                for name in ["one", "two", "three"] { #expect(!log.contains("sk-sim-\(name)")) }
            }
        }
    }

    @Test("a rest that the former secret earned ends with it, also when the daemon is killed behind that")
    func endsRests() async throws {
        try await self.withSite(keys: [], scenario: #"{"rules": [], "invalid_keys": ["sk-sim-bad"]}"#) { site in
            var fingerprint = ""
            try await site.run { daemon in
                try await site.steering.succeed(
                    "keys", "add", "mine", "--provider", "sim", "--secret-file", site.secret("bad"))
                #expect(try await daemon.client().chat().status != 200)
                let refused = try await site.key("mine")
                #expect(refused.state == "suspect" || refused.state == "invalid")
                try await site.steering.succeed("keys", "rekey", "mine", "--secret-file", site.secret("good"))
                let mine = try await site.key("mine")
                #expect(mine.state == "usable")
                #expect(mine.fingerprint != refused.fingerprint)
                fingerprint = mine.fingerprint
                try await daemon.killHard()
            }
            try await site.run { daemon in
                let mine = try await site.key("mine")
                #expect(mine.state == "usable" && mine.fingerprint == fingerprint)
                #expect(try await daemon.client().chat().status == 200)
            }
        }
    }

    @Test("what cannot be replaced is refused with the place to change it, or the key that has the secret already")
    func refusesRekeying() async throws {
        try await self.withSite { site in
            try await site.run { _ in
                let steering = site.steering
                try await steering.succeed(
                    "keys", "add", "mine", "--provider", "sim", "--secret-file", site.secret("mine"))
                func rekey(_ label: String, _ name: String) async throws -> FinishedProcess {
                    try await steering.run(["keys", "rekey", label, "--secret-file", try site.secret(name)])
                }
                let file = try await rekey("alpha", "other")
                #expect(file.status == .exited(1))
                #expect(file.standardError.contains("kmi.toml:") && file.standardError.contains("alpha.key"))
                #expect(try await rekey("mine", "alpha").standardError.contains("key \"alpha\""))
                #expect(try await rekey("mine", "mine").standardError.contains("already"))
                #expect(try await rekey("nobody", "other").status == .exited(3))
                let removed = try await steering.run(["keys", "remove", "alpha"])
                #expect(removed.status == .exited(1))
                #expect(removed.standardError.contains("kmictl keys disable alpha"))
            }
        }
    }

    @Test("a full disk replaces nothing (T-011)")
    func fullDisk() async throws {
        try await self.withSite(keys: []) { site in
            try await site.run { daemon in
                try await site.steering.succeed(
                    "keys", "add", "mine", "--provider", "sim", "--secret-file", site.secret("one"))
                let before = try await site.key("mine")
                try await daemon.limitFiles(to: "0")
                let refused = try await site.steering.run(
                    ["keys", "rekey", "mine", "--secret-file", try site.secret("two")])
                #expect(refused.status == .exited(1))
                #expect(refused.standardError.contains("nothing has changed"))
                #expect(try await site.key("mine").fingerprint == before.fingerprint)
                #expect(try await daemon.client().chat().status == 200)
                #expect(try await site.simulator.statistics().key("two").requests == 0)
                let lying = try FileManager.default.contentsOfDirectory(atPath: site.directory.path("state/secrets"))
                #expect(lying == ["mine"])
                try await daemon.limitFiles(to: "unlimited")
                try await site.steering.succeed("keys", "rekey", "mine", "--secret-file", site.secret("two"))
                #expect(try await site.key("mine").fingerprint != before.fingerprint)
            }
        }
    }

    @Test("a kill in the middle leaves the old secret or the new one, and a key that works (K-021)")
    func killedWhileRekeying() async throws {
        try await self.withSite(keys: []) { site in
            try await site.run { _ in
                try await site.steering.succeed(
                    "keys", "add", "mine", "--provider", "sim", "--secret-file", site.secret("number-0"))
            }
            for number in 1...6 {
                let path = try site.secret("number-\(number)")
                try await site.run { daemon in
                    #expect(try await daemon.client().chat().status == 200)
                    #expect(try await site.key("mine").state == "usable")
                    async let change = site.steering.run(["keys", "rekey", "mine", "--secret-file", path])
                    // Within the change for some of them: what it writes is what the kill waits for.
                    if number % 2 == 0 {
                        try await eventually("the change has begun, or is over", every: .milliseconds(1)) {
                            try FileManager.default.contentsOfDirectory(
                                atPath: site.directory.path("state/secrets")
                            ).count > 1 || daemon.process.text(.standardError).contains("key_secret_replaced")
                        }
                    }
                    try await daemon.killHard()
                    _ = try await change
                }
            }
            try await site.run { _ in
                let lying = try FileManager.default.contentsOfDirectory(atPath: site.directory.path("state/secrets"))
                #expect(lying == ["mine"])
            }
        }
    }
}

extension DaemonProcess {
    /// Lets no file of the daemon grow beyond a size, as a full disk does.
    fileprivate func limitFiles(to size: String) async throws {
        let result = try await FinishedProcess.run(
            "/usr/bin/prlimit", arguments: ["--pid", "\(self.process.pid)", "--fsize=\(size):unlimited"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
    }
}
