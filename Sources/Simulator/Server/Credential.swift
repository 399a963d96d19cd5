/// Finds the credential of a request.
enum Credential {
    /// The value of the first of the header fields in which providers accept a key.
    static func find(in headers: [AnswerScript.HeaderLine]) -> String? {
        for name in ["authorization", "x-api-key", "x-goog-api-key", "api-key"] {
            guard let value = headers.first(where: { $0.name.lowercased() == name })?.value else { continue }
            guard name == "authorization" else { return value }
            if value.lowercased().hasPrefix("bearer ") {
                return String(value.dropFirst(7).drop { $0 == " " })
            }
        }
        return nil
    }
}
