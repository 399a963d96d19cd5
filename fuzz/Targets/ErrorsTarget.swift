@testable import ProxyCore

/// The error classifier: every failed answer has a class, the same each time, and no wait leaves its bounds.
///
/// An input that begins with `HTTP/1.1 NNN` brings its status and header fields; any other is a body.
enum ErrorsTarget {
    private static let now = WallTime(microseconds: 1_795_176_000_000_000)
    private static let statuses = [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529, 599]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let answer = Self.answer(Array(bytes))
        if let details = ProviderErrorDetails(body: answer.body) {
            Fuzzing.check(details.reasons.count <= 64 && details.quotas.count <= 64, "too many reasons are kept")
            for kind in ProviderKind.allCases {
                let found = AnswerClassifier.classifyEvent(
                    details, headers: answer.headers, kind: kind, now: Self.now)
                Self.check(found)
            }
        }
        for (index, kind) in ProviderKind.allCases.enumerated() {
            let status = answer.status ?? Self.statuses[(answer.body.count + index * 7) % Self.statuses.count]
            let found = AnswerClassifier.classify(
                status: status, headers: answer.headers, body: answer.body, kind: kind, now: Self.now)
            Fuzzing.check((found != nil) == (status >= 400), "status \(status) has no class, or one too many")
            let again = AnswerClassifier.classify(
                status: status, headers: answer.headers, body: answer.body[...], kind: kind, now: Self.now)
            Fuzzing.check(found == again, "the same answer has two meanings")
            if let found { Self.check(found) }
        }
    }

    private static func check(_ found: AnswerClassification) {
        switch found.recovery {
        case .after(let wait):
            Fuzzing.check(wait >= .zero && wait <= .seconds(86_400), "a wait of \(wait)")
        case .at(let time):
            let ahead = time - Self.now
            Fuzzing.check(ahead >= .seconds(-300) && ahead <= .seconds(35 * 86_400), "a reset \(ahead) ahead")
        case .unknown: break
        }
    }

    private static func answer(_ bytes: [UInt8]) -> (status: Int?, headers: HeaderFields, body: [UInt8]) {
        guard bytes.starts(with: "HTTP/1.1 ".utf8) else { return (nil, HeaderFields(), bytes) }
        var lines: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[rest.startIndex..<end].filter { $0 != 0x0D }
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            lines.append(String(decoding: line, as: UTF8.self))
        }
        let status = lines.first.flatMap { Int($0.dropFirst(9).prefix(3)) }.map { min(max($0, 200), 599) }
        let fields = lines.dropFirst().prefix(32).compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return (status, HeaderFields(fields), Array(rest))
    }
}
