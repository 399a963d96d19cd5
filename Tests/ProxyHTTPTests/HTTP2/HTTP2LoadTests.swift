import Foundation
import NIOCore
import NIOSSL
import ProxyCore
import TestSupport
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2 over TLS under load (L-012)", .serialized, .timeLimit(.minutes(5)))
struct HTTP2LoadTests {
    @Test("h2load has all of its requests answered", .enabled(if: Tools.path(of: "h2load") != nil))
    func manyRequests() async throws {
        let authority = try TestCertificate.authority()
        let h2load = try #require(Tools.path(of: "h2load"))
        try await withTLSServer(.echo(), ServerTLS(try authority.server().credentials())) { server, address in
            guard case .tcp(_, let port) = address else { return }
            let finished = try await FinishedProcess.run(
                h2load, arguments: ["-n", "2000", "-c", "10", "-m", "10", "https://127.0.0.1:\(port)/load"],
                within: .seconds(120))
            #expect(finished.standardOutput.contains("2000 succeeded, 0 failed, 0 errored, 0 timeout"))
            let figures = finished.standardOutput.split(separator: "\n").filter {
                $0.hasPrefix("finished") || $0.hasPrefix("time for request")
            }
            print("h2load:", figures.joined(separator: " | "))
            #expect(server.runningExchanges == 0)
        }
    }

    @Test("while resets flood in, an honest connection is served")
    func resetFlood() async throws {
        let authority = try TestCertificate.authority()
        var caller = try TLSConfiguration.caller(trusting: authority)
        caller.applicationProtocols = ["h2"]
        let configuration = caller
        let responder = ScriptedResponder { $0.answer("ok") }
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { server, address in
            try await TLSClient.with(address, configuration) { honest in
                try await honest.channel.writeAndFlush(ByteBuffer(bytes: Wire.opening)).get()
                try await Self.flood(address, configuration)
                var latencies: [Duration] = []
                for round in 0..<20 {
                    async let flooded: Void = Self.flood(address, configuration)
                    let stream = UInt32(round * 2 + 1)
                    let clock = ContinuousClock()
                    let began = clock.now
                    try await honest.channel.writeAndFlush(ByteBuffer(bytes: Wire.get(stream))).get()
                    try await honest.received.wait(for: "answer \(round)") { received in
                        received.text.components(separatedBy: "ok").count > round + 1
                    }
                    latencies.append(clock.now - began)
                    try await flooded
                }
                print("reset flood: 20 x 2000 resets, slowest honest", latencies.max() ?? .zero)
            }
            #expect(server.runningExchanges == 0)
        }
    }

    /// Two thousand requests, each reset at once, until the server gives the connection up.
    private static func flood(_ address: BoundAddress, _ configuration: TLSConfiguration) async throws {
        try await TLSClient.with(address, configuration) { client in
            var bytes = Wire.opening
            for number in 0..<UInt32(2_000) {
                bytes += Wire.get(number * 2 + 1)
                bytes += Wire.reset(number * 2 + 1)
            }
            client.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            try await client.receiveAll()
        }
    }
}
