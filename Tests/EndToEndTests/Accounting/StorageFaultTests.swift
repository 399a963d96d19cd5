import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Requests while the database cannot be written (T-011, T-018)", .serialized, .timeLimit(.minutes(5)))
struct StorageFaultTests {
    @Test("a database that another process has locked: requests go on, it shows, and no row is missing afterwards")
    func locked() async throws {
        try await TemporaryDirectory.with { directory in
            try await Self.withDaemon(in: directory) { daemon, steering in
                let database = directory.path("state/state.sqlite")
                try await ChildProcess.with("/usr/bin/python3", arguments: ["-c", Self.lockScript, database]) {
                    locker in
                    _ = try await locker.firstMatch(on: .standardOutput, within: .seconds(20), "the lock") {
                        $0 == "locked" ? true : nil
                    }
                    // The lock ends with the process that holds it.
                    try await Self.goOn(daemon, steering)
                }
                try await Self.recover(daemon, steering)
            }
        }
    }

    @Test(
        "a small disk that is full: requests go on, it shows, and no row is missing when there is room again",
        .enabled(if: SmallDisk.isPermitted, "mounting needs to be permitted"))
    func full() async throws {
        try await TemporaryDirectory.with { directory in
            try await SmallDisk.with(at: directory.makeDirectory("state")) { disk in
                try await Self.withDaemon(in: directory) { daemon, steering in
                    try disk.fill()
                    try await Self.goOn(daemon, steering)
                    try disk.makeRoom()
                    try await Self.recover(daemon, steering)
                }
            }
        }
    }

    @Test(
        "a database that can only be read: requests go on, it shows, and no row is missing when it can be written again",
        .enabled(if: FailingWrites.compiler != nil, "a C compiler makes the library that fails writes"))
    func readOnly() async throws {
        try await TemporaryDirectory.with { directory in
            let faults = try await FailingWrites.build(in: directory)
            try await Self.withDaemon(in: directory, environment: faults.environment) { daemon, steering in
                try faults.begin()
                try await Self.goOn(daemon, steering)
                try faults.end()
                try await Self.recover(daemon, steering)
            }
        }
    }

    private static let requests = 40

    /// Takes the write lock as soon as it can and keeps it.
    private static let lockScript = """
        import signal, sqlite3, sys
        database = sqlite3.connect(sys.argv[1], timeout=15, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        print("locked", flush=True)
        signal.pause()
        """

    /// A daemon in a directory that has stored one request.
    private static func withDaemon(
        in directory: TemporaryDirectory, environment: [String: String] = [:],
        _ body: (DaemonProcess, Steering) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                let configuration = DaemonConfiguration.accounting(simulator, keys: 2)
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(
                    in: directory, token: configuration.token, bus: bus.address, environment: environment
                ) { daemon in
                    #expect(try await daemon.client().chat().status == 200)
                    try await eventually("it is stored") { try await daemon.database.requestCount() == 1 }
                    try await body(daemon, Steering(bus: bus.address))
                }
            }
        }
    }

    /// Requests are answered while nothing can be stored, and the trouble is told of.
    private static func goOn(_ daemon: DaemonProcess, _ steering: Steering) async throws {
        let before = try await daemon.metric("kmi_store_errors_total")
        for number in 0..<self.requests {
            #expect(try await daemon.client().chat(stream: number.isMultiple(of: 2)).status == 200)
        }
        try await eventually("the trouble shows", within: .seconds(30)) {
            try await steering.show(Shown.Status.self, "status").degraded == ["storage"]
        }
        try await eventually("failed writes are counted", within: .seconds(10)) {
            try await daemon.metric("kmi_store_errors_total", ["table": "requests"]) > 0
        }
        #expect(try await daemon.metric("kmi_store_errors_total") > before)
        #expect(try await daemon.metric("kmi_store_dropped_total") == 0)
        let ready = try await daemon.admin().get("/readyz")
        #expect(ready.status == 503)
        #expect((try ready.json()["checks"] as? [String: String])?["storage"] == "failed")
        #expect(try await daemon.client().chat().status == 200)
    }

    /// The daemon gets over it by itself, with every row.
    private static func recover(_ daemon: DaemonProcess, _ steering: Steering) async throws {
        try await eventually("the trouble is over", within: .seconds(30)) {
            try await steering.show(Shown.Status.self, "status").degraded.isEmpty
        }
        #expect(try await daemon.admin().get("/readyz").status == 200)
        let database = daemon.database
        try await eventually("every request has a row", within: .seconds(20)) {
            try await database.requestCount() == self.requests + 2
        }
        let tokens = try await database.sums().reduce(into: TokenSums()) { $0.add($1.tokens) }
        let metrics = MetricsText(try await daemon.admin().get("/metrics").text)
        #expect(tokens == TokenSums(metrics, model: "sim-large"))
        #expect(try await database.integrity() == "ok")
    }
}
