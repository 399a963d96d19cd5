import Crypto
import Foundation

/// Answers of `POST /embeddings`.
struct OpenAIEmbeddings {
    private static let usualDimensions = 1536
    private static let mostInputs = 2048
    private let facts: RequestFacts

    /// Prepares the answer to a request that has been found valid.
    init(_ facts: RequestFacts) {
        self.facts = facts
    }

    /// The answer: one vector of length 1 for each input, which depends on nothing but the input.
    var script: AnswerScript {
        let asked = self.facts.body?["dimensions"]?.int ?? Self.usualDimensions
        let dimensions = min(max(1, asked), 4096)
        let isBase64 = self.facts.body?["encoding_format"]?.string == "base64"
        let data = self.inputs.prefix(Self.mostInputs).enumerated().map { index, input -> JSONValue in
            let vector = Self.vector(for: input, dimensions: dimensions)
            let embedding: JSONValue =
                isBase64
                ? .string(Self.base64(vector))
                : .array(vector.map { .number(Double($0)) })
            return ["object": "embedding", "index": .integer(index), "embedding": embedding]
        }
        let tokens = self.facts.inputTokens
        return AnswerScript.json(
            headers: ProviderHeaders.openAI(self.facts),
            [
                "object": "list",
                "data": .array(data),
                "model": .string(self.facts.model),
                "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
            ]
        ).reporting(ReportedTokens(input: tokens))
    }

    /// A list of numbers is one input of tokens; any other list is a list of inputs.
    private var inputs: [JSONValue] {
        guard let list = self.facts.body?["input"]?.array, let first = list.first, first.int == nil else {
            return [self.facts.body?["input"] ?? nil]
        }
        return list
    }

    private static func vector(for input: JSONValue, dimensions: Int) -> [Float] {
        var state = SHA256.hash(data: input.bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var vector: [Float] = []
        for _ in 0..<dimensions {
            // SplitMix64 (Steele, Lea, Flood 2014).
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            vector.append(Float(mixed >> 40) / Float(1 << 23) - 1)
        }
        let length = max(vector.reduce(0) { $0 + $1 * $1 }.squareRoot(), .leastNormalMagnitude)
        return vector.map { $0 / length }
    }

    private static func base64(_ vector: [Float]) -> String {
        var data = Data(capacity: vector.count * 4)
        for number in vector {
            let bits = number.bitPattern
            data.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) })
        }
        return data.base64EncodedString()
    }
}
