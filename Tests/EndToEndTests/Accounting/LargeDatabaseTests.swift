import Foundation
import Logging
import ProxyCore
import StateStore
import TestSupport
import Testing

@Suite("A database that is too large to be looked at before the start (K-037, K-028)", .timeLimit(.minutes(5)))
struct LargeDatabaseTests {
    @Test("is looked at when the daemon is ready; one that is stopped right after its start leaves no log behind")
    func isLookedAt() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let configuration = DaemonConfiguration(simulator)
                try DaemonProcess.write(configuration, to: directory)
                let state = try directory.makeDirectory("state")
                let store = try StateStore.open(
                    directory: state, logger: Logger(label: "test"), now: WallTime(microseconds: 1))
                await store.close()
                try await Self.fill(state)

                try await DaemonProcess.with(in: directory, token: configuration.token) { daemon in
                    _ = try await daemon.process.firstMatch(
                        on: .standardError, within: .seconds(20), "the look at the whole database"
                    ) { $0.contains("state_checked") ? true : nil }
                    #expect(try await daemon.client().chat().status == 200)
                    #expect(try await daemon.process.terminate() == .exited(0))
                }
                #expect(try Self.left(in: state) == ["state.sqlite"])

                // At once: nobody asks it for its listeners.
                try await DaemonProcess.with(in: directory, token: configuration.token, listeners: { [:] }) {
                    daemon async throws in
                    #expect(try await daemon.process.terminate() == .exited(0))
                }
                #expect(try Self.left(in: state) == ["state.sqlite"])
            }
        }
    }

    /// The database, and what lies beside it.
    private static func left(in state: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: state).filter { $0.hasPrefix("state.sqlite") }
    }

    /// Stores requests of the last hours, which no limit deletes, until the database has more than 8 MiB.
    private static func fill(_ state: String) async throws {
        let script = """
            import os, sqlite3, sys, time
            path = sys.argv[1] + "/state.sqlite"
            database = sqlite3.connect(path)
            database.execute(
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199999) INSERT INTO requests "
                "(id, received_at, dialect, model, provider, key, status, is_stream, outcome, duration_ns) SELECT "
                "printf('%024x', i), ? + i * 50000, 'openai', 'sim-large', 'sim', 'alpha', 200, 0, 'complete', 1000 FROM n",
                (int((time.time() - 18000) * 1e6),))
            database.commit()
            database.close()
            print(os.path.getsize(path))
            """
        let result = try await FinishedProcess.run(
            "/usr/bin/python3", arguments: ["-c", script, state], environment: ["PATH": "/usr/bin:/bin"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
        let size = try #require(Int(result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)))
        try #require(size > 8 << 20)
    }
}
