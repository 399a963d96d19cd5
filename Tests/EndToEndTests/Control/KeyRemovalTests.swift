import Foundation
import TestSupport
import Testing

@Suite("Keys that are removed while they serve (K-013, K-026)", .serialized, .timeLimit(.minutes(5)))
struct KeyRemovalTests {
    /// A daemon with the keys alpha and beta of the file, and the added key mine.
    private func withAddedKey(
        drain: String = "30s", _ body: (SimulatorProcess, DaemonProcess, Steering) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
                configuration.tables["server.timeouts"] = "drain = \"\(drain)\""
                configuration.tables["rotation"] = "affinity = false"
                try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let secret = try daemon.directory.write("mine.txt", "sk-sim-mine")
                    try await steering.succeed("keys", "add", "mine", "--provider", "sim", "--secret-file", secret)
                    try await body(simulator, daemon, steering)
                }
            }
        }
    }

    private func hasSecret(_ daemon: DaemonProcess) -> Bool {
        FileManager.default.fileExists(atPath: daemon.directory.path("state/secrets/mine"))
    }

    @Test("a removal waits for a stream, takes nothing new, shows, and blocks no other change")
    func drains() async throws {
        try await self.withAddedKey { _, daemon, steering in
            let stream = HeldStream(try daemon.client(), model: "sim-stall-3", key: "mine")
            try await stream.waitForBegin()
            async let removal = steering.run(["keys", "remove", "mine"])
            try await eventually("the removal shows") { try await steering.keys()["mine"]?.state == "disabled" }
            #expect(try await steering.keys()["mine"]?.enabled == false)
            // Nothing new, and nobody else waits.
            for _ in 0..<6 { #expect(try await daemon.servingKey() != "mine") }
            let pinned = try await daemon.client().chat(fields: [("X-KMI-Key", "mine")])
            #expect(pinned.status == 503)
            try await steering.succeed("keys", "disable", "beta")
            #expect(try await daemon.servingKey() == "alpha")
            for words in [["remove", "mine"], ["enable", "mine"], ["set", "mine", "--rps", "1"]] {
                let refused = try await steering.run(["keys"] + words)
                #expect(refused.status == .exited(1))
                #expect(refused.standardError.contains("is being removed"))
            }
            #expect(self.hasSecret(daemon))
            try await stream.finish()
            let result = try await removal
            #expect(result.isSuccess, "\(result.standardError)")
            #expect(try await steering.keys()["mine"] == nil)
            #expect(!self.hasSecret(daemon))
            #expect(daemon.process.text(.standardError).contains(#""drained":"true""#))
        }
    }

    @Test("a stream that runs when its key is removed comes whole")
    func losesNothing() async throws {
        try await self.withAddedKey { simulator, daemon, steering in
            let stream = HeldStream(try daemon.client(), model: "sim-events-60-delay-20", key: "mine")
            try await stream.waitForBegin()
            async let removal = steering.run(["keys", "remove", "mine"])
            let text = try await stream.finish()
            #expect(text.hasSuffix("data: [DONE]\n\n"))
            let result = try await removal
            #expect(result.isSuccess, "\(result.standardError)")
            #expect(try await simulator.statistics().key("mine").completed == 1)
            #expect(try await steering.keys()["mine"] == nil)
        }
    }

    @Test("after server.timeouts.drain the key goes, and its requests go on with what they hold")
    func waitsNoLonger() async throws {
        try await self.withAddedKey(drain: "200ms") { simulator, daemon, steering in
            let stream = HeldStream(try daemon.client(), model: "sim-stall-3", key: "mine")
            try await stream.waitForBegin()
            try await steering.succeed("keys", "remove", "mine")
            #expect(try await steering.keys()["mine"] == nil)
            #expect(!self.hasSecret(daemon))
            #expect(try await simulator.statistics().key("mine").inFlight == 1)
            #expect(daemon.process.text(.standardError).contains(#""drained":"false""#))
            try await stream.finish()
        }
    }

    @Test("a daemon that is killed while it waits has the key again; one behind it has the key no more (K-021)")
    func survivesKills() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    var configuration = DaemonConfiguration(simulator)
                    configuration.tables["rotation"] = "affinity = false"
                    try DaemonProcess.write(configuration, to: directory)
                    let secret = try directory.write("mine.txt", "sk-sim-mine")
                    let steering = Steering(bus: bus.address)
                    func run(_ body: (DaemonProcess) async throws -> Void) async throws {
                        try await DaemonProcess.with(
                            in: directory, token: configuration.token, bus: bus.address, body)
                    }
                    try await run { daemon in
                        try await steering.succeed(
                            "keys", "add", "mine", "--provider", "sim", "--secret-file", secret)
                        let stream = HeldStream(try daemon.client(), model: "sim-stall-3", key: "mine")
                        try await stream.waitForBegin()
                        async let removal = steering.run(["keys", "remove", "mine"])
                        try await eventually("the removal shows") {
                            try await steering.keys()["mine"]?.state == "disabled"
                        }
                        try await daemon.killHard()
                        let result = try await removal
                        #expect(!result.isSuccess)
                        try await stream.finish()
                    }
                    try await run { daemon in
                        let keys = try await steering.keys()
                        #expect(keys["mine"]?.state == "usable")
                        #expect(try await daemon.client().chat(fields: [("X-KMI-Key", "mine")]).status == 200)
                        try await steering.succeed("keys", "remove", "mine")
                        try await daemon.killHard()
                    }
                    // As if the kill had come before the secret was removed.
                    try directory.write("state/secrets/mine", "sk-sim-mine")
                    try await self.abandon("mine", in: directory)
                    try await run { daemon in
                        let keys = try await steering.keys()
                        #expect(keys["mine"] == nil)
                        #expect(!self.hasSecret(daemon))
                        #expect(!daemon.process.text(.standardError).contains("secret_stray"))
                    }
                }
            }
        }
    }

    /// Leaves the secret of a removed key in the state, as a daemon that was killed in the middle does.
    private func abandon(_ label: String, in directory: TemporaryDirectory) async throws {
        let script = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            database.execute("INSERT INTO abandoned_secrets VALUES (?, 'files')", (sys.argv[2],))
            database.commit()
            database.close()
            """
        let result = try await FinishedProcess.run(
            "/usr/bin/python3", arguments: ["-c", script, directory.path("state/state.sqlite"), label],
            environment: ["PATH": "/usr/bin:/bin"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
    }
}
