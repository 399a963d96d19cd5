import Foundation
import TestSupport
import Testing

@Suite("What hostile callers send to a whole daemon", .serialized, .timeLimit(.minutes(5)))
struct HostileInputTests {
    /// What came back for an input.
    private struct Answer: Sendable {
        var statuses: [Int] = []
        var failure: String?
    }

    @Test(
        "the provider never sees a request that hides, nor one that was refused (L-012, X-012, K-022)",
        arguments: ["whole", "by lines"])
    func keepsAwayFromProvider(delivery: String) async throws {
        #expect(DaemonConfiguration(providerBaseURL: "").token == HostileInput.token)
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                for input in HostileInput.all {
                    try await simulator.reset()
                    let answer = try await Self.send(input, over: client, byLines: delivery == "by lines")
                    Self.check(input, answer, upstream: try await simulator.forwarded())
                    #expect(try await client.get("/v1/sound").status == 200, "after \(input.name)")
                }
                #expect(try await daemon.metric("kmi_in_flight_requests") == 0)
            }
        }
    }

    private static func send(
        _ input: HostileInput, over client: RawHTTPClient, byLines: Bool
    ) async throws -> Answer {
        let probes = Self.isKeptOpen(input.daemonOutcome)
        let method = String(input.requestLine.prefix { $0 != " " })
        return try await onOwnThread {
            let connection = try client.connect()
            for write in byLines ? Self.lines(of: input.bytes) : [input.bytes] { try connection.write(write) }
            if probes { try connection.write(HostileInput.probe) }
            if input.daemonOutcome == .closed { connection.finishWriting() }
            var answer = Answer()
            do {
                while try !connection.isClosedByServer(within: .seconds(5)) {
                    let response = try connection.readResponse(to: answer.statuses.isEmpty ? method : "GET")
                    answer.statuses.append(response.status)
                }
            } catch {
                answer.failure = "\(error)"
            }
            return answer
        }
    }

    /// The bytes cut behind each LF, the rest in one piece after so many.
    private static func lines(of bytes: [UInt8]) -> [[UInt8]] {
        let parts = bytes.split(separator: 0x0A, maxSplits: 30, omittingEmptySubsequences: false)
        return parts.enumerated()
            .map { $0.offset < parts.count - 1 ? Array($0.element) + [0x0A] : Array($0.element) }
            .filter { !$0.isEmpty }
    }

    /// Whether the connection lives on behind the input.
    private static func isKeptOpen(_ outcome: HostileInput.Outcome) -> Bool {
        switch outcome {
        case .served, .ignored, .answered: true
        case .refused, .closed, .servedAndClosed, .servedThenRefused: false
        }
    }

    private static func check(_ input: HostileInput, _ answer: Answer, upstream: [SimulatorProcess.Request]) {
        let seen = upstream.map { "\($0.method) \($0.target)" }
        let own = input.requestLine
        let place = "\(input.name): \(answer), upstream \(seen)"
        if input.daemonOutcome != .closed { #expect(answer.failure == nil, "\(place)") }
        switch input.daemonOutcome {
        case .refused(let status):
            #expect(answer.statuses == [status] && seen.isEmpty, "\(place)")
        case .closed:
            #expect(answer.statuses.isEmpty && seen.isEmpty, "\(place)")
        case .served, .ignored:
            #expect(answer.statuses.count == 2 && answer.statuses.last == 200, "\(place)")
            #expect(seen == [own, "GET /v1/probe"], "\(place)")
        case .servedAndClosed:
            #expect(answer.statuses.count == 1 && seen == [own], "\(place)")
        case .servedThenRefused(let status):
            #expect(answer.statuses.count == 2 && answer.statuses.last == status && seen == [own], "\(place)")
        case .answered(let status):
            #expect(answer.statuses.first == status, "\(place)")
            #expect(seen == ["GET /v1/probe"] || seen.isEmpty, "\(place)")
        }
        #expect(!seen.contains { $0.contains(HostileInput.hiddenTarget) }, "\(place)")
        let values = upstream.flatMap(\.headers).map { $0[1] }
        #expect(!values.contains { $0.contains(HostileInput.token) || $0.contains("attacker.example") }, "\(place)")
    }
}
