internal import ProxyCore

/// The keys that an attempt was not made with, in one column: `label=obstacle/state`, separated by spaces, which none of
/// the parts contains.
enum PassedOverList {
    /// At most so many keys are kept of an attempt.
    static let capacity = 16

    /// The list of an attempt, in UTF-8; empty without such keys.
    ///
    /// Nearly every attempt has one, and put together of texts it takes as long as all else of the row.
    static func bytes(of keys: [RequestRecord.PassedOver]) -> [UInt8] {
        var bytes: [UInt8] = []
        guard !keys.isEmpty else { return bytes }
        bytes.reserveCapacity(min(keys.count, Self.capacity) * 32)
        for key in keys.prefix(Self.capacity) {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            bytes.append(contentsOf: key.label.text.utf8)
            bytes.append(UInt8(ascii: "="))
            bytes.append(contentsOf: key.obstacle.rawValue.utf8)
            bytes.append(UInt8(ascii: "/"))
            bytes.append(contentsOf: key.state.rawValue.utf8)
        }
        return bytes
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
