import Foundation
import TestSupport

/// What `kmictl --json` tells, as far as the tests look at it.
enum Shown {
    /// A state that holds for one model.
    struct ModelState: Decodable {
        var model: String
        var state: String
        var reason: String
        var usableAt: String?
    }

    /// A key.
    struct Key: Decodable {
        var label: String
        var provider: String
        var state: String
        var reason: String
        var usableAt: String?
        var modelStates: [ModelState]
        var enabled: Bool
        var requests: Int
        var errors: [String: Int]
        var masked: String
        var fingerprint: String
    }

    /// The daemon.
    struct Status: Decodable {
        var state: String
        var degraded: [String]
        var rotationMode: String
        var activeKey: String
        var keysTotal: Int
        var keysUsable: Int
    }

    /// A client.
    struct Client: Decodable {
        var name: String
        var requests: Int
    }

    /// A request.
    struct Request: Decodable {
        /// One attempt.
        struct Attempt: Decodable {
            var key: String
            var status: Int
            var `class`: String
        }

        var id: String
        var key: String
        var status: Int
        var outcome: String
        var attempts: [Attempt]
    }

    /// What a rotation came to.
    struct Rotation: Decodable {
        var key: String
        var reason: String
    }
}

/// `kmictl` on a bus.
struct Steering {
    /// The bus.
    let bus: String

    /// Runs a command to its end.
    func run(_ arguments: [String], input: String = "/dev/null") async throws -> FinishedProcess {
        try await FinishedProcess.run(
            BuildProducts.path(of: "kmictl"), arguments: ["--address", self.bus] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"], input: input)
    }

    /// Runs a command that has to succeed.
    @discardableResult
    func succeed(_ arguments: String..., input: String = "/dev/null") async throws -> String {
        let result = try await self.run(arguments, input: input)
        guard result.isSuccess else {
            throw TestFailure("kmictl \(arguments): \(result.status)\n\(result.standardError)\(result.standardOutput)")
        }
        return result.standardOutput
    }

    /// Runs a command that has to succeed, and decodes its document.
    func show<Value: Decodable>(_ type: Value.Type, _ arguments: String...) async throws -> Value {
        let result = try await self.run(["--json"] + arguments)
        guard result.isSuccess else {
            throw TestFailure("kmictl \(arguments): \(result.status)\n\(result.standardError)\(result.standardOutput)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(result.standardOutput.utf8))
    }

    /// The keys by their labels.
    func keys() async throws -> [String: Shown.Key] {
        let keys = try await self.show([Shown.Key].self, "keys", "list")
        return Dictionary(keys.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// The daemon's database as it lies on the disk.
struct StoredDatabase {
    /// The state directory.
    let directory: String

    /// What `PRAGMA integrity_check` says of a copy, which is what a daemon that was killed has left.
    func integrity() async throws -> String { try await self.answer(to: "PRAGMA integrity_check") }

    /// How many requests are on record.
    func requests() async throws -> Int { Int(try await self.answer(to: "SELECT COUNT(*) FROM requests")) ?? -1 }

    /// The first value that a question to a copy brings.
    private func answer(to question: String) async throws -> String {
        let script = """
            import os, shutil, sqlite3, sys, tempfile
            with tempfile.TemporaryDirectory() as scratch:
                for name in ("state.sqlite", "state.sqlite-wal"):
                    if os.path.exists(os.path.join(sys.argv[1], name)):
                        shutil.copy(os.path.join(sys.argv[1], name), scratch)
                database = sqlite3.connect(os.path.join(scratch, "state.sqlite"))
                print(database.execute(sys.argv[2]).fetchone()[0], end="")
                database.close()
            """
        let result = try await FinishedProcess.run(
            "/usr/bin/python3", arguments: ["-c", script, self.directory, question],
            environment: ["PATH": "/usr/bin:/bin"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
        return result.standardOutput
    }
}

extension DaemonConfiguration {
    /// Three keys that take turns, with nothing that keeps a conversation on one of them.
    static func threeKeys(_ simulator: SimulatorProcess) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma"])
        configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
        return configuration
    }
}

extension DaemonProcess {
    /// The label of the key that served a request which has to succeed.
    func servingKey() async throws -> String {
        let response = try await self.client().chat()
        guard response.status == 200, let key = response["X-KMI-Key"] else {
            throw TestFailure("\(response.status) \(response.text)\n\(self.process.report)")
        }
        return key
    }

    /// Ends the daemon as a power cut would, as far as a process can.
    func killHard() async throws {
        self.process.send(SIGKILL)
        _ = try await self.process.waitForExit()
    }

    /// Its database.
    var database: StoredDatabase { StoredDatabase(directory: self.directory.path("state")) }
}

extension DaemonProcess {
    /// Begins a stream and comes back once the provider serves it; its body is read to its end, whatever ends it.
    func runningStream(of model: String, at simulator: SimulatorProcess) async throws -> Task<String, any Error> {
        let client = try self.client()
        let stream = Task {
            try await onOwnThread {
                let connection = try client.connect()
                try connection.write(Chat.request(client, model: model, stream: true))
                _ = try connection.readHead()
                var body: [UInt8] = []
                while let piece = try connection.readPiece() { body += piece }
                return String(decoding: body, as: UTF8.self)
            }
        }
        try await eventually("the stream runs", within: .seconds(10)) {
            try await simulator.statistics().inFlight == 1
        }
        return stream
    }
}
