public import Foundation

/// A running provider simulator (`kmi-sim`).
public struct SimulatorProcess: Sendable {
    /// Tokens in classes that do not overlap, as `/sim/stats` tells them.
    public struct Tokens: Sendable, Decodable, Equatable {
        /// Tokens of the input that none of the following holds.
        public var input = 0
        /// Tokens of the input that came from a cache.
        public var cacheRead = 0
        /// Tokens of the input that were written to a cache for five minutes.
        public var cacheWrite5m = 0
        /// Tokens of the input that were written to a cache for an hour.
        public var cacheWrite1h = 0
        /// Tokens of the output without those of reasoning.
        public var output = 0
        /// Tokens of reasoning.
        public var reasoning = 0

        /// No tokens.
        public init() {}

        private enum CodingKeys: String, CodingKey {
            case input, cacheRead, output, reasoning
            // As the strategy makes them of `cache_write_5m` and `cache_write_1h`.
            case cacheWrite5m = "cacheWrite5M"
            case cacheWrite1h = "cacheWrite1H"
        }
    }

    /// What one key has received, as `/sim/stats` tells it.
    public struct KeyStatistics: Sendable, Decodable, Equatable {
        /// Requests that arrived.
        public var requests: Int
        /// Requests that were answered to the end.
        public var completed: Int
        /// Requests whose caller left.
        public var aborted: Int
        /// Requests whose answer was broken off on purpose.
        public var cut: Int
        /// Requests that are running.
        public var inFlight: Int
        /// The most that ran at once, GET and HEAD aside.
        public var maxInFlight: Int
        /// How often each status was sent.
        public var statuses: [String: Int]
        /// Events of streams that were sent.
        public var eventsSent: Int
        /// Requests that asked for the usage of their stream.
        public var usageAsked: Int
        /// What answers reported that were handed over whole.
        public var tokens: Tokens
        /// What broken answers had reported until then.
        public var tokensPartial: Tokens

        /// A key that has received nothing.
        public static let none = KeyStatistics(
            requests: 0,
            completed: 0,
            aborted: 0,
            cut: 0,
            inFlight: 0,
            maxInFlight: 0,
            statuses: [:],
            eventsSent: 0,
            usageAsked: 0,
            tokens: Tokens(),
            tokensPartial: Tokens()
        )
    }

    /// What a TLS listener has seen.
    public struct TLSStatistics: Sendable, Decodable, Equatable {
        /// Requests that arrived.
        public var requests: Int
        /// Bytes of their bodies.
        public var requestBodyBytes: Int
        /// Handshakes that came to their end.
        public var handshakesCompleted: Int
        /// Handshakes that the other side broke off.
        public var handshakesFailed: Int
    }

    /// What the simulator has seen since it started or was reset.
    public struct Statistics: Sendable, Decodable, Equatable {
        /// All requests, those without a credential included.
        public var totals: KeyStatistics
        /// By key, in the spelling of the credential.
        public var keys: [String: KeyStatistics]
        /// By model.
        public var models: [String: KeyStatistics]
        /// By the certificate of the listener.
        public var tls: [String: TLSStatistics]

        /// All requests.
        public var requests: Int { self.totals.requests }
        /// The requests that are running.
        public var inFlight: Int { self.totals.inFlight }
    }

    /// One of the last requests, as `/sim/requests` tells it.
    public struct Request: Sendable, Decodable {
        /// The credential.
        public var key: String?
        /// The method.
        public var method: String
        /// The target, byte for byte.
        public var target: String
        /// Names and values, in their order.
        public var headers: [[String]]
        /// The length of the body in bytes.
        public var bodyLength: Int
        /// The digest of the body, hexadecimal.
        public var bodySHA256: String
        /// The body, unless it was long.
        public var body: String?

        private enum CodingKeys: String, CodingKey {
            case key, method, target, headers, bodyLength, body
            // As the strategy makes it of `body_sha256`.
            case bodySHA256 = "bodySha256"
        }
    }

    private struct Requests: Decodable {
        var requests: [Request]
    }

    private struct Ready: Decodable {
        var event: String
        var http: [String]
        var tls: [String: String]?
        var caFile: String?
    }

    /// Reads the names of the simulator's members in the spelling of Swift.
    public static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    /// The process.
    public let process: ChildProcess
    /// Where it listens for plain HTTP.
    public let address: HTTPAddress
    /// Where it listens with TLS, by the kind of certificate: `good`, `expired`, `wrong-host`, `self-signed`.
    public let tls: [String: String]
    /// The certificate of the authority that signed `good`, `expired` and `wrong-host`.
    public let caFile: String?

    /// The base of its URLs, without a path.
    public var baseURL: String { self.address.baseURL }
    /// A client of its plain listener.
    public var client: RawHTTPClient { RawHTTPClient(self.address) }

    /// Starts a simulator with an optional scenario (its file's text), and stops it after the scope.
    public static func with<Value>(
        scenario: String? = nil,
        tls: Bool = false,
        _ body: (SimulatorProcess) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            var arguments = ["--listen", "127.0.0.1:0"]
            if let scenario { arguments += ["--scenario", try directory.write("scenario.json", scenario)] }
            if tls { arguments += ["--tls-directory", try directory.makeDirectory("tls")] }
            return try await ChildProcess.with(
                BuildProducts.path(of: "kmi-sim"),
                arguments: arguments,
                environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"]
            ) { process in
                let ready = try await process.firstMatch(
                    on: .standardOutput,
                    within: .seconds(30),
                    "its ready line"
                ) { line -> Ready? in
                    let ready = try? Self.decoder.decode(Ready.self, from: Data(line.utf8))
                    return ready?.event == "listening" ? ready : nil
                }
                guard let address = ready.http.first else { throw TestFailure("kmi-sim listens nowhere") }
                return try await body(
                    SimulatorProcess(
                        process: process,
                        address: HTTPAddress(address),
                        tls: ready.tls ?? [:],
                        caFile: ready.caFile
                    )
                )
            }
        }
    }

    /// What it has seen.
    public func statistics() async throws -> Statistics {
        let response = try await self.client.get("/sim/stats")
        guard response.status == 200 else { throw TestFailure("/sim/stats: \(response.status) \(response.text)") }
        return try Self.decoder.decode(Statistics.self, from: Data(response.body))
    }

    /// The last requests, the oldest first.
    public func requests() async throws -> [Request] {
        let response = try await self.client.get("/sim/requests")
        guard response.status == 200 else { throw TestFailure("/sim/requests: \(response.status)") }
        return try Self.decoder.decode(Requests.self, from: Data(response.body)).requests
    }

    /// Forgets what it has seen.
    public func reset() async throws {
        let response = try await self.client.post("/sim/reset", "{}")
        guard (200..<300).contains(response.status) else { throw TestFailure("/sim/reset: \(response.status)") }
    }

    /// Puts another scenario in force.
    public func setScenario(_ text: String) async throws {
        let response = try await self.client.send(
            "PUT",
            "/sim/scenario",
            fields: [("Content-Type", "application/json")],
            body: text
        )
        guard (200..<300).contains(response.status) else {
            throw TestFailure("/sim/scenario: \(response.status) \(response.text)")
        }
    }
}
