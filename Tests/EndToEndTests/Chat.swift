import Foundation
import TestSupport

/// Requests of the OpenAI dialect as texts.
enum Chat {
    static let target = "/v1/chat/completions"

    /// A body; `extra` is members of JSON that follow.
    static func body(model: String = "sim-large", stream: Bool = false, content: String = "Hello.") -> String {
        let streaming = stream ? #","stream":true,"stream_options":{"include_usage":true}"# : ""
        return #"{"model":"\#(model)","messages":[{"role":"user","content":"\#(content)"}]\#(streaming)}"#
    }

    /// The bytes of a whole request, for connections of one's own.
    static func request(_ client: RawHTTPClient, model: String = "sim-large", stream: Bool = false) -> String {
        client.bytes(
            "POST",
            self.target,
            fields: [("Content-Type", "application/json")],
            body: self.body(model: model, stream: stream)
        )
    }
}

extension RawHTTPClient {
    /// A chat completion.
    func chat(
        model: String = "sim-large",
        stream: Bool = false,
        fields: [(String, String)] = []
    ) async throws -> RawHTTPResponse {
        try await self.post(Chat.target, Chat.body(model: model, stream: stream), fields: fields)
    }
}

extension SimulatorProcess {
    /// A client that sends a key of the pool directly, as the daemon would.
    func direct(key: String = "alpha", limit: Duration = .seconds(20)) -> RawHTTPClient {
        RawHTTPClient(self.address, fields: [("Authorization", "Bearer sk-sim-\(key)")], limit: limit)
    }
}

extension SimulatorProcess.Statistics {
    /// What the key of a label has received; all zero when it has received nothing.
    func key(_ label: String) -> SimulatorProcess.KeyStatistics {
        self.keys["sk-sim-\(label)"] ?? .none
    }
}
