import Foundation
import Logging
import NIOCore
import NIOPosix
import ProxyHTTP

/// Runs a server on a free port of the loopback address, and closes it whatever happens.
func withServer<Result: Sendable>(
    _ responder: ScriptedResponder,
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    on address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    _ body: @Sendable (HTTPServer, BoundAddress) async throws -> Result
) async throws -> Result {
    let server = HTTPServer(
        group: MultiThreadedEventLoopGroup.singleton,
        responder: responder,
        configuration: configuration,
        logger: quietLogger
    )
    do {
        let bound = try await server.listen(on: address)
        let result = try await body(server, bound)
        await server.closeNow()
        return result
    } catch {
        await server.closeNow()
        throw error
    }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs the body with a fresh directory, and removes it.
func withTemporaryDirectory<Result: Sendable>(
    _ body: @Sendable (String) async throws -> Result
) async throws -> Result {
    // Short, since the path of a Unix socket may have 107 bytes only.
    let directory = NSTemporaryDirectory() + "kmi-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    do {
        let result = try await body(directory)
        try FileManager.default.removeItem(atPath: directory)
        return result
    } catch {
        try FileManager.default.removeItem(atPath: directory)
        throw error
    }
}

/// Numbers that are the same in each run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    // SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Counts how often a text occurs in another.
func count(_ text: String, in whole: String) -> Int {
    whole.components(separatedBy: text).count - 1
}
