import Foundation
import TestSupport

/// Requests byte by byte, for what no well-behaved client sends.
enum ContractWire {
    /// What came back for some bytes.
    struct Outcome: Sendable {
        /// The complete answers, in order.
        var answers: [RawHTTPResponse] = []
        /// Whether the server closed the connection behind them.
        var isClosed = false

        /// The statuses of the answers.
        var statuses: [Int] { self.answers.map(\.status) }
    }

    /// Sends bytes and reads answers until the connection is closed or so many have come.
    static func send(_ bytes: [UInt8], over client: RawHTTPClient, answers: Int) async throws -> Outcome {
        try await onOwnThread {
            let connection = try client.connect()
            try connection.write(bytes)
            var outcome = Outcome()
            while outcome.answers.count < answers {
                guard try !connection.isClosedByServer(within: .seconds(5)) else { break }
                outcome.answers.append(try connection.readResponse())
            }
            // Long enough for a close that is on its way, and for a second answer that must not come.
            outcome.isClosed = try connection.isClosedByServer(within: .milliseconds(300))
            return outcome
        }
    }

    /// The head of a chat request with the client's token and further lines, without the empty line at its end.
    static func chatHead(_ client: RawHTTPClient, _ lines: [String] = [], version: String = "1.1") -> String {
        var text = "POST \(Chat.target) HTTP/\(version)\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for (name, value) in client.fields { text += "\(name): \(value)\r\n" }
        return text + lines.map { $0 + "\r\n" }.joined()
    }

    /// A scenario of one rule. `match` and `action` are JSON.
    static func scenario(_ action: String, match: String = #"{"model": "*"}"#) -> String {
        #"{"rules": [{"match": \#(match), "action": \#(action)}]}"#
    }

    /// A scenario that has nothing to say.
    static let peace = #"{"rules": []}"#
}

extension RawHTTPResponse {
    /// The members of the error in either dialect's envelope.
    func error() throws -> [String: Any] {
        guard let error = try self.json()["error"] as? [String: Any] else {
            throw TestFailure("no error in \(self.text.prefix(300))")
        }
        return error
    }
}

extension SimulatorProcess {
    /// The requests of callers, oldest first, without the daemon's own fetches of model lists.
    func forwarded() async throws -> [Request] {
        try await self.requests().filter { !($0.method == "GET" && $0.target.hasSuffix("/models")) }
    }
}

/// A connection that a test holds over several steps.
final class HeldConnection: @unchecked Sendable {
    // Unchecked: a test's steps follow one another, and only one of them has it at a time.
    private var connection: RawHTTPConnection?

    /// Takes a connection over.
    init(_ connection: RawHTTPConnection) {
        self.connection = connection
    }

    /// Does something with it.
    func use(_ body: (RawHTTPConnection) throws -> Void) throws {
        guard let connection else { throw TestFailure("the connection has been closed") }
        try body(connection)
    }

    /// Lets go of it, which closes it.
    func close(withReset: Bool) {
        if withReset { self.connection?.resetOnClose() }
        self.connection = nil
    }
}
