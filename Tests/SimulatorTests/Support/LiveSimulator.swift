import NIOCore
import NIOPosix

@testable import Simulator

/// A simulator that lives as long as a scope.
enum LiveSimulator {
    /// Starts a simulator, runs `body` and stops it.
    static func with(
        _ scenario: Scenario = Scenario(),
        tlsDirectory: String? = nil,
        _ body: (SimulatorServer) async throws -> Void
    ) async throws {
        var options = SimulatorServer.Options()
        options.scenario = scenario
        options.tlsDirectory = tlsDirectory
        let server = try await SimulatorServer.start(options)
        do {
            try await body(server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    /// The bytes of a request.
    static func request(
        _ method: String,
        _ target: String,
        _ body: JSONValue? = nil,
        key: String = "k1",
        closes: Bool = true
    ) -> String {
        let text = body?.text ?? ""
        return "\(method) \(target) HTTP/1.1\r\nHost: simulator\r\nAuthorization: Bearer \(key)\r\n"
            + "Content-Length: \(text.utf8.count)\r\n\(closes ? "Connection: close\r\n" : "")\r\n\(text)"
    }

    /// Sends `request` and returns what comes back until the connection ends.
    static func exchange(_ server: SimulatorServer, _ request: String) async throws -> String {
        try await Self.withConnection(server) { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ByteBuffer()
            for try await var part in inbound { answer.writeBuffer(&part) }
            return String(buffer: answer)
        }
    }

    /// Opens a connection for `body` and closes it.
    static func withConnection<Result: Sendable>(
        _ server: SimulatorServer,
        _ body:
            @Sendable (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws
            -> Result
    ) async throws -> Result {
        let parts = server.addresses.http[0].split(separator: ":")
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: String(parts[0]), port: Int(parts[1]) ?? 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { try await body($0, $1) }
    }

    /// Waits until `condition` holds, for ten seconds at most; whether it does.
    static func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now.advanced(by: .seconds(10))
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            await Task.yield()
        }
        return true
    }
}
