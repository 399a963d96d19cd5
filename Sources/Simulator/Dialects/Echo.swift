/// The answer on unknown paths: what arrived, so that a test can see how a target was joined.
enum Echo {
    /// The answer.
    static func script(_ facts: RequestFacts) -> AnswerScript {
        .json([
            "method": .string(facts.method),
            "target": .string(facts.target),
            "headers": .array(facts.headers.map { [.string($0.name), .string($0.value)] }),
            "body_length": .integer(facts.bodyLength),
            "body_sha256": .string(facts.bodyDigest),
        ])
    }
}
