import NIOCore

@testable import Simulator

/// Makes requests and looks at the answers that are planned for them.
enum Requests {
    /// The facts of a POST with a JSON body.
    static func facts(
        _ target: String,
        _ body: JSONValue,
        headers: [AnswerScript.HeaderLine] = []
    ) -> RequestFacts {
        RequestFacts(
            method: "POST",
            target: target,
            headers: headers,
            body: body,
            bodyLength: body.bytes.count,
            bodyDigest: "digest"
        )
    }

    /// A chat request.
    static func chat(_ model: String = "gpt-sim", _ more: [(String, JSONValue)] = []) -> JSONValue {
        let start: JSONValue = ["model": .string(model), "messages": [["role": "user", "content": "How are you?"]]]
        return more.reduce(start) { $0.adding($1.0, $1.1) }
    }

    /// The whole body of an answer.
    static func body(of script: AnswerScript) -> String {
        var iterator = PieceIterator(script.body)
        var buffer = ByteBuffer()
        while iterator.next(into: &buffer) != nil {}
        return String(buffer: buffer)
    }

    /// The body of a plain answer as JSON.
    static func json(of script: AnswerScript) throws -> JSONValue {
        try JSONParser.parse(Array(self.body(of: script).utf8))
    }

    /// The data of the events of a stream, comments left out; the end marker is a text.
    static func events(of script: AnswerScript) throws -> [JSONValue] {
        try self.body(of: script).split(separator: "\n\n").compactMap { block in
            let data = block.split(separator: "\n").first { $0.hasPrefix("data: ") }?.dropFirst(6)
            guard let data else { return nil }
            return data == "[DONE]" ? "[DONE]" : try JSONParser.parse(Array(data.utf8))
        }
    }
}
