import Foundation
import TestSupport
import Testing

@Suite("A restart on sockets that the service manager holds (A-017, K-028)", .serialized, .timeLimit(.minutes(5)))
struct RestartTests {
    @Test("under streams and fresh connections all the time, no request fails and no stream is cut (K-028, T-013)")
    func losesNothing() async throws {
        let rounds = Tools.isSoak ? 6 : 3
        let plan =
            Tools.isSoak
            ? RestartLoad.Plan(requestsPerSecond: 200, streams: 50, streamModel: "sim-events-20-delay-200")
            : RestartLoad.Plan(requestsPerSecond: 50, streams: 12, streamModel: "sim-events-10-delay-100")
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let sockets = try [HeldSocket("kmid.socket"), HeldSocket("admin")]
                let configuration = Self.configuration(simulator, sockets, drain: "10s")
                try DaemonProcess.write(configuration, to: directory)
                let token = configuration.token
                try await RestartLoad.with(sockets[0].address, token: token, plan: plan) { load in
                    var gaps: [Duration] = []
                    for round in 0...rounds {
                        let ended = round > 0 ? ContinuousClock.now : nil
                        try await DaemonProcess.with(in: directory, token: token, sockets: sockets) { daemon in
                            if let ended { gaps.append(.now - ended) }
                            #expect(try daemon.address("data") == sockets[0].address)
                            // Every daemon serves for a while, with all streams on it.
                            let before = load.outcome
                            try await eventually("requests and streams are served", within: .seconds(40)) {
                                load.outcome.requests > before.requests + plan.requestsPerSecond
                                    && load.outcome.streams >= before.streams + plan.streams
                            }
                            guard round < rounds else {
                                try await Self.check(load.finish(), rounds, gaps, simulator)
                                return
                            }
                            daemon.process.send(SIGTERM)
                            #expect(try await daemon.process.waitForExit(within: .seconds(20)) == .exited(0))
                            let log = daemon.process.text(.standardError)
                            #expect(!log.contains("drain_aborted") && !log.contains("stream_cut"))
                        }
                    }
                }
            }
        }
    }

    @Test("many starts and stops under load: the state is closed last, and has every request that was answered (T-013)")
    func cycles() async throws {
        let rounds = Tools.isSoak ? 200 : 10
        let plan = RestartLoad.Plan(requestsPerSecond: 40, streams: 4, streamModel: "sim-events-5-delay-20")
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let sockets = try [HeldSocket("kmid.socket"), HeldSocket("admin")]
                let configuration = Self.configuration(simulator, sockets, drain: "10s")
                try DaemonProcess.write(configuration, to: directory)
                let token = configuration.token
                let outcome = try await RestartLoad.with(sockets[0].address, token: token, plan: plan) { load in
                    for round in 0...rounds {
                        try await DaemonProcess.with(in: directory, token: token, sockets: sockets) { daemon in
                            let before = load.outcome.requests
                            try await eventually("requests are served", within: .seconds(30)) {
                                load.outcome.requests > before + 3
                            }
                            if round == rounds { _ = try await load.finish() }
                            daemon.process.send(SIGTERM)
                            #expect(try await daemon.process.waitForExit(within: .seconds(20)) == .exited(0))
                            let log = daemon.process.text(.standardError)
                            for event in ["state_lost", "state_rows_dropped", "state_close_failed", "drain_aborted"] {
                                #expect(!log.contains(event), "\(log.suffix(2000))")
                            }
                        }
                    }
                    return load.outcome
                }
                #expect(outcome.failures.isEmpty, "\(outcome.failures.count): \(outcome.failures.prefix(5))")
                let database = StoredDatabase(directory: directory.path("state"))
                #expect(try await database.integrity() == "ok")
                #expect(try await database.requests() == outcome.requests + outcome.streams)
            }
        }
    }

    private static func configuration(
        _ simulator: SimulatorProcess, _ sockets: [HeldSocket], drain: String
    ) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
        configuration.tables["server"] =
            "listen = [\"\(sockets[0].address)\"]\nadmin_listen = \"\(sockets[1].address)\"\n"
        configuration.tables["server.timeouts"] = "drain = \"\(drain)\""
        return configuration
    }

    /// A daemon that serves on held sockets, for the time of a scope.
    private func onHeldSockets(
        drain: String, _ body: (SimulatorProcess, DaemonProcess) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let sockets = try [HeldSocket("kmid.socket"), HeldSocket("admin")]
                let configuration = Self.configuration(simulator, sockets, drain: drain)
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(in: directory, token: configuration.token, sockets: sockets) { daemon in
                    try await body(simulator, daemon)
                }
            }
        }
    }

    /// Counted at both ends: what the callers got, and what the provider gave.
    private static func check(
        _ outcome: RestartLoad.Outcome, _ rounds: Int, _ gaps: [Duration], _ simulator: SimulatorProcess
    ) async throws {
        #expect(outcome.failures.isEmpty, "\(outcome.failures.count): \(outcome.failures.prefix(5))")
        try await eventually("the provider has ended everything") { try await simulator.statistics().inFlight == 0 }
        let totals = try await simulator.statistics().totals
        #expect(totals.completed == outcome.requests + outcome.streams)
        #expect(totals.aborted == 0 && totals.cut == 0)
        print(
            "\(rounds) restarts: \(outcome.requests) requests and \(outcome.streams) streams, none lost; "
                + "longest request \(outcome.longest), exec to READY=1 \(gaps.max() ?? .zero) at most")
    }

    @Test("what is kept over a restart: rests of keys, clients' tokens, and the socket's own file (K-028, K-021)")
    func keepsState() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let sockets = try [
                        HeldSocket("kmid.socket"), HeldSocket("admin"),
                        HeldSocket("proxy", unix: directory.path("proxy.sock")),
                    ]
                    var configuration = Self.configuration(simulator, sockets, drain: "10s")
                    configuration.tables["server"]? += "socket = \"\(directory.path("proxy.sock"))\"\n"
                    configuration.tables["cooldown"] = "rate_limited = [\"1h\"]"
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    var created = ""
                    for round in 0..<2 {
                        try await DaemonProcess.with(
                            in: directory, token: configuration.token, bus: bus.address, sockets: sockets
                        ) { daemon in
                            if round == 0 {
                                created = try await steering.succeed("clients", "create", "laptop")
                                    .trimmingCharacters(in: .whitespacesAndNewlines)
                                let limited = try await daemon.client().chat(
                                    model: "sim-status-429", fields: [("X-KMI-Key", "alpha")])
                                #expect(limited.status == 429)
                            }
                            let keys = try await steering.keys()
                            #expect(keys["alpha"]?.state == "cooling")
                            #expect(keys["beta"]?.state == "usable")
                            for address in [try daemon.address("data"), try daemon.address("socket")] {
                                let client = RawHTTPClient(address, fields: [("Authorization", "Bearer \(created)")])
                                let answer = try await client.chat()
                                #expect(answer.status == 200)
                                #expect(answer["X-KMI-Key"] == "beta")
                            }
                            #expect(try daemon.address("admin") == sockets[1].address)
                            daemon.process.send(SIGTERM)
                            #expect(try await daemon.process.waitForExit() == .exited(0))
                            // Whoever holds the socket owns its file.
                            #expect(FileManager.default.fileExists(atPath: directory.path("proxy.sock")))
                        }
                    }
                }
            }
        }
    }

    @Test(
        "a stream beyond the time to drain ends with its dialect's error event, and is let go upstream (K-028, X-040)",
        arguments: ["/v1/chat/completions", "/v1/messages"])
    func cutInItsWords(target: String) async throws {
        try await self.onHeldSockets(drain: "500ms") { simulator, daemon in
            let client = try daemon.client()
            let text = try await onOwnThread {
                let connection = try client.connect()
                try connection.write(
                    client.bytes(
                        "POST", target, fields: [("Content-Type", "application/json")],
                        body: #"{"model":"sim-events-2000-delay-50","max_tokens":9,"messages":["#
                            + #"{"role":"user","content":"Hello."}],"stream":true}"#))
                #expect(try connection.readHead().status == 200)
                var body = try connection.readPiece() ?? []
                daemon.process.send(SIGTERM)
                // Ends regularly, so that what came is read to its end.
                while let piece = try connection.readPiece() { body += piece }
                return String(decoding: body, as: UTF8.self)
            }
            let last = text.components(separatedBy: "\n\n").last { !$0.isEmpty } ?? ""
            if target.hasSuffix("messages") {
                #expect(last.hasPrefix("event: error\ndata: {\"type\":\"error\""))
                #expect(last.contains("overloaded_error"))
            } else {
                #expect(last.hasPrefix("data: {\"error\":{"))
                #expect(last.contains("\"code\":\"overloaded\""))
            }
            #expect(!text.contains("[DONE]") && !text.contains("message_stop"))
            #expect(try await daemon.process.waitForExit() == .exited(0))
            #expect(daemon.process.text(.standardError).contains("drain_aborted"))
            try await eventually("the provider is let go") {
                try await simulator.statistics().totals.aborted == 1
            }
        }
    }

    @Test(
        "a connection that is open and silent when the daemon begins to end is answered by it, a kept one too (K-028)")
    func silentConnections() async throws {
        try await self.onHeldSockets(drain: "10s") { _, daemon in
            let client = try daemon.client()
            try await onOwnThread {
                let silent = try client.connect()
                let kept = try client.connect()
                try kept.write(Chat.request(client))
                #expect(try kept.readResponse(to: "POST").status == 200)
                // The kernel has both in the order in which they were made: the silent one is accepted as well.
                // One crosses the end, whenever the daemon comes to it; the other comes after it has begun.
                try kept.write(Chat.request(client))
                daemon.process.send(SIGTERM)
                try silent.write(Chat.request(client))
                for connection in [kept, silent] {
                    #expect(try connection.readResponse(to: "POST").status == 200)
                }
            }
            #expect(try await daemon.process.waitForExit() == .exited(0))
        }
    }
}
