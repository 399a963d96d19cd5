import Foundation
import TestSupport
import Testing

@Suite("Requests that are wrong in several ways at once", .serialized, .timeLimit(.minutes(5)))
struct RefusalOrderTests {
    /// Something that is wrong, what is answered to it alone, and a word of the message.
    private struct Wrong: Sendable {
        var what: String
        var status: Int
        var word: String
    }

    // In the order of the contract.
    private static let ofData = [
        Wrong(what: "framing", status: 400, word: "request"), Wrong(what: "host", status: 403, word: "Host"),
        Wrong(what: "origin", status: 403, word: "Origin"), Wrong(what: "credential", status: 401, word: ""),
        Wrong(what: "route", status: 404, word: ""), Wrong(what: "size", status: 413, word: ""),
    ]
    private static let ofAdmin = [
        Wrong(what: "framing", status: 400, word: "request"), Wrong(what: "host", status: 403, word: "Host"),
        Wrong(what: "origin", status: 403, word: "Origin"), Wrong(what: "method", status: 405, word: ""),
    ]

    @Test("the first of all that is wrong decides, on both listeners (T-006, K-022, K-039, contract 4)")
    func firstDecides() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server.limits"] = "request_body = \"64KiB\""
            try await DaemonProcess.with(configuration) { daemon in
                for (wrongs, client, target) in [
                    (Self.ofData, try daemon.stranger(), Chat.target), (Self.ofAdmin, try daemon.admin(), "/healthz"),
                ] {
                    for subset in 1..<(1 << wrongs.count) {
                        let chosen = wrongs.indices.filter { subset & 1 << $0 != 0 }.map { wrongs[$0] }
                        let text = Self.request(Set(chosen.map(\.what)), target: target, token: daemon.token)
                        let outcome = try await ContractWire.send(Array(text.utf8), over: client, answers: 1)
                        let names = chosen.map(\.what).joined(separator: ", ")
                        let first = try #require(chosen.first)
                        #expect(outcome.statuses == [first.status], "\(target): \(names)")
                        let message = outcome.answers.first?.text ?? ""
                        #expect(first.word.isEmpty || message.contains(first.word), "\(target): \(names): \(message)")
                    }
                }
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    private static func request(_ wrong: Set<String>, target: String, token: String) -> String {
        let isAdmin = target == "/healthz"
        let method = isAdmin ? (wrong.contains("method") ? "POST" : "GET") : "POST"
        var text = "\(method) \(wrong.contains("route") ? "/nowhere" : target) HTTP/1.1\r\n"
        text += "Host: \(wrong.contains("host") ? "attacker.example" : "localhost")\r\n"
        if wrong.contains("origin") { text += "Origin: https://attacker.example\r\n" }
        if !isAdmin { text += "Authorization: Bearer \(wrong.contains("credential") ? "wrong" : token)\r\n" }
        // The larger body is announced only: what refuses it does so before it is read.
        text += "Content-Length: \(wrong.contains("framing") ? "x" : wrong.contains("size") ? "70000" : "0")\r\n"
        return text + "Connection: close\r\n\r\n"
    }
}
