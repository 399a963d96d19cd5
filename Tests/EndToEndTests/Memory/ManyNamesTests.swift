import Foundation
import TestSupport
import Testing

/// Callers name models, projects, sessions, request ids and programs at will, and come from many addresses with many tokens:
/// nothing that is kept of them grows without bound (K-031).
///
/// Some thousands, which take a few seconds; a million in `make soak`.
@Suite("A million names", .serialized, .timeLimit(.minutes(30)))
struct ManyNamesTests {
    private static let most = Tools.isSoak ? 16 << 20 : 8 << 20
    /// Requests that all have one name come first: what their number alone takes is not what many names take.
    private static let warmUp = Amount(500, soak: 100_000, within: .seconds(300))
    private static let inDryRun = Amount(3_000, soak: 1_000_000, within: .seconds(1_200))
    /// More than rows of the hour, twice: an hour may end meanwhile.
    private static let atProvider = Amount(2_200, soak: 200_000, within: .seconds(600))
    private static let addresses = Amount(2_000, soak: 1_000_000, within: .seconds(600))

    /// How many names there are.
    private struct Amount {
        /// At least so many.
        let least: Int
        let count: Int
        /// No more are begun after this time.
        let time: Duration

        /// A number that every machine comes to, and one that `make soak` tries to come to within a time.
        init(_ count: Int, soak: Int, within time: Duration) {
            self.least = count
            self.count = Tools.isSoak ? soak : count
            self.time = Tools.isSoak ? time : .seconds(300)
        }
    }

    private struct Spending: Decodable {
        var rows: Int
        var requests: Int
    }

    /// The bytes of a chat request in which every name is that of a number.
    private static func request(_ client: RawHTTPClient, _ number: Int, names: String = "name") -> String {
        let name = "\(names)-\(number)-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz"
        return client.bytes(
            "POST", Chat.target,
            fields: [
                ("Content-Type", "application/json"), ("X-KMI-Project", name), ("X-KMI-Session", name),
                ("X-Request-Id", name), ("User-Agent", name), ("anthropic-beta", name),
            ], body: Chat.body(model: name))
    }

    /// How much the resident memory of a daemon grows while something happens, once it is warm.
    private static func growth(of daemon: DaemonProcess, _ body: () async throws -> Void) async throws -> Int {
        let before = try ProcessResources.residentBytes(of: daemon.process.pid)
        try await body()
        return try ProcessResources.residentBytes(of: daemon.process.pid) - before
    }

    private static func tell(_ what: String, _ count: Int, _ growth: Int) {
        print("\(what): \(count), resident memory grew by \(growth / 1024) KiB")
    }

    @Test("models, projects, sessions, request ids and programs, in dry-run (K-031)")
    func manyNamesInDryRun() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server"] = "dry_run = true"
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                let flood = NameFlood(address: client.address) { Self.request(client, $0) }
                let same = NameFlood(address: client.address) { _ in Self.request(client, 0) }
                let warm = try await same.run(count: Self.warmUp.count, within: Self.warmUp.time)
                #expect(warm[200, default: 0] >= Self.warmUp.least)
                var answered = 0
                let growth = try await Self.growth(of: daemon) {
                    let statuses = try await flood.run(
                        from: 1, count: Self.inDryRun.count, within: Self.inDryRun.time)
                    #expect(Set(statuses.keys) == [200], "\(statuses)")
                    answered = statuses[200, default: 0]
                }
                Self.tell("names in dry-run", answered, growth)
                #expect(answered >= Self.inDryRun.least)
                #expect(growth < Self.most)
            }
        }
    }

    @Test("the same towards a provider, and the sums of the hour: few rows, and their total is right (K-031, K-038)")
    func manyNamesAtProvider() async throws {
        try await SimulatorProcess.with { simulator in
            let configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                let flood = NameFlood(address: client.address) { Self.request(client, $0) }
                let same = NameFlood(address: client.address) { _ in Self.request(client, 0) }
                let warm = try await same.run(count: Self.warmUp.count, within: Self.warmUp.time)[200, default: 0]
                var answered = 0
                let growth = try await Self.growth(of: daemon) {
                    let statuses = try await flood.run(
                        from: 1, count: Self.atProvider.count, within: Self.atProvider.time)
                    #expect(Set(statuses.keys) == [200], "\(statuses)")
                    answered = statuses[200, default: 0]
                }
                Self.tell("names at a provider", answered, growth)
                #expect(answered >= Self.atProvider.least)
                #expect(growth < Self.most)
                // An hour may end meanwhile.
                let sums = try await eventualSums(of: daemon, requests: warm + answered)
                #expect(sums.rows <= 2 * 1_002)
                #expect(sums.requests == warm + answered)
                let series = try await daemon.admin().get("/metrics").text.components(separatedBy: "\n").count
                #expect(series < 2_000)
            }
        }
    }

    /// The sums on the disk, once all requests are in them.
    private func eventualSums(of daemon: DaemonProcess, requests: Int) async throws -> Spending {
        let script = """
            import json, sqlite3, sys
            database = sqlite3.connect("file:" + sys.argv[1] + "/state.sqlite?mode=ro", uri=True)
            rows, requests = database.execute("SELECT count(*), sum(requests) FROM spending").fetchone()
            print(json.dumps({"rows": rows, "requests": requests or 0}))
            """
        var sums = Spending(rows: 0, requests: 0)
        try await eventually("the sums are written", within: .seconds(20), every: .milliseconds(200)) {
            let result = try await FinishedProcess.run(
                "/usr/bin/python3", arguments: ["-c", script, daemon.directory.path("state")],
                environment: ["PATH": "/usr/bin:/bin"])
            guard result.isSuccess else { throw TestFailure(result.standardError) }
            sums = try JSONDecoder().decode(Spending.self, from: Data(result.standardOutput.utf8))
            return sums.requests >= requests
        }
        return sums
    }

    @Test("addresses and wrong tokens: as many as there are, few rows of the audit (K-031, K-042)")
    func manyAddresses() async throws {
        try await SimulatorProcess.with { simulator in
            let configuration = DaemonConfiguration(simulator)
            try await DaemonProcess.with(configuration) { daemon in
                let address = try daemon.address("data")
                let stranger = try daemon.stranger()
                let ask: @Sendable (Int) throws -> Int = { number in
                    let source = "127.\(1 + number / 65_025 % 250).\(1 + number / 255 % 250).\(1 + number % 250)"
                    let request = stranger.bytes(
                        "POST", Chat.target,
                        fields: [
                            ("Authorization", "Bearer kmi-wrong-\(number)"), ("Content-Type", "application/json"),
                        ],
                        body: "{}")
                    return try NameFlood.ask(address, from: source, request)
                }
                try await onOwnThread {
                    for _ in 0..<Self.warmUp.least {
                        let status = try ask(0)
                        #expect(status == 401)
                    }
                }
                var asked = 0
                let growth = try await Self.growth(of: daemon) {
                    let deadline = Deadline.after(Self.addresses.time)
                    asked = try await withThrowingTaskGroup(of: Int.self) { group in
                        for worker in 0..<2 {
                            group.addTask {
                                try await onOwnThread {
                                    var number = worker
                                    var asked = 0
                                    while number < Self.addresses.count, !deadline.hasPassed {
                                        let status = try ask(number)
                                        #expect(status == 401)
                                        number += 2
                                        asked += 1
                                    }
                                    return asked
                                }
                            }
                        }
                        return try await group.reduce(0, +)
                    }
                }
                Self.tell("addresses with wrong tokens", asked, growth)
                #expect(asked >= Self.addresses.least)
                #expect(growth < Self.most)
                #expect(try await simulator.statistics().requests == 0)
                try await eventually("connections are closed", within: .seconds(10)) {
                    try await daemon.metric("kmi_open_connections") <= 1
                }
            }
        }
    }
}
