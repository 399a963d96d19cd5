import ProxyCore
import ProxyHTTP
import TestSupport
import Testing

@Suite("What hostile callers send (L-012, X-012)", .timeLimit(.minutes(5)))
struct HostileInputTests {
    struct Run: Sendable, CustomTestStringConvertible {
        var family: HostileInput.Family
        var delivery: Delivery
        var transport: HostileTransport

        var testDescription: String { "\(self.family) as \(self.delivery) over \(self.transport)" }

        static let all = HostileTransport.allCases.flatMap { transport in
            HostileInput.Family.allCases.flatMap { family in
                transport.deliveries.map { Run(family: family, delivery: $0, transport: transport) }
            }
        }
    }

    @Test("there are at least 240, each with a name of its own and a source")
    func corpus() {
        #expect(HostileInput.all.count >= 240)
        #expect(Set(HostileInput.all.map(\.name)).count == HostileInput.all.count)
        #expect(HostileInput.all.allSatisfy { !$0.source.isEmpty })
    }

    @Test("each comes to its end, is never taken for two requests, and leaves the server sound", arguments: Run.all)
    func endsAsItMust(run: Run) async throws {
        let responder = HostileCaller.patientResponder()
        try await run.transport.withCaller(responder) { caller in
            for input in HostileInput.inputs(of: run.family) { try await caller.send(input, run.delivery) }
        }
    }

    @Test("nothing that hides in a body is served when the answer comes before the body", arguments: Delivery.allCases)
    func survivesEarlyAnswers(delivery: Delivery) async throws {
        let responder = ScriptedResponder { $0.answer("early", status: 401) }
        try await withServer(responder) { server, address in
            let caller = HostileCaller(address: address, responder: responder)
            for input in HostileInput.all where Self.hides(input) {
                responder.seen.update { $0 = [] }
                do {
                    _ = try await caller.exchange(delivery.writes(of: input.bytes), endsInput: true)
                } catch {
                    Issue.record("\(input.name), \(delivery): \(error)")
                }
                let requests = responder.requests
                #expect(requests.isEmpty || requests == [input.requestLine], "\(input.name), \(delivery)")
            }
        }
    }

    private static func hides(_ input: HostileInput) -> Bool {
        String(decoding: input.bytes, as: UTF8.self).contains("GET \(HostileInput.hiddenTarget) HTTP/1.1")
    }
}
