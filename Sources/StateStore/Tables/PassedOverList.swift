internal import ProxyCore

/// The keys that an attempt was not made with, in one column: `label=obstacle/state`, separated by spaces, which none of
/// the parts contains.
enum PassedOverList {
    /// At most so many keys are kept of an attempt.
    static let capacity = 16

    static func text(of keys: [RequestRecord.PassedOver]) -> String? {
        guard !keys.isEmpty else { return nil }
        return keys.prefix(Self.capacity).map { "\($0.label.text)=\($0.obstacle.rawValue)/\($0.state.rawValue)" }
            .joined(separator: " ")
    }

    /// Reads a list; `nil` if it is malformed.
    static func read(_ text: String) -> [RequestRecord.PassedOver]? {
        var keys: [RequestRecord.PassedOver] = []
        for part in text.split(separator: " ") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let label = KeyLabel(String(sides[0])) else { return nil }
            let words = sides[1].split(separator: "/", omittingEmptySubsequences: false)
            guard words.count == 2, let obstacle = KeyVerdict.Obstacle(rawValue: String(words[0])),
                let state = KeyState(rawValue: String(words[1]))
            else { return nil }
            keys.append(RequestRecord.PassedOver(label: label, obstacle: obstacle, state: state))
        }
        return keys
    }
}
