/// An object of an answer about usage, whose members are found by their names without regard to case and underscores.
///
/// So `reset_time`, `resetTime` and `ResetTime` are one name: `resettime`.
struct UsageObject {
    /// How many members are looked at; what comes after them counts as absent.
    static let maximumMembers = 64
    /// How many elements of a list are looked at.
    static let maximumElements = 32

    /// The members with their names in lower case and without underscores and hyphens, in their order.
    let members: [JSONValue.Member]

    /// Takes an object; `nil` for other values.
    init?(_ value: JSONValue?) {
        guard case .object(let members) = value else { return nil }
        self.members = members.prefix(Self.maximumMembers).map {
            JSONValue.Member(name: Self.plainName($0.name), value: $0.value)
        }
    }

    static func plainName(_ name: String) -> String {
        String(decoding: name.utf8.lazy.filter { $0 != 0x5F && $0 != 0x2D }.map(\.asciiLowercased), as: UTF8.self)
    }

    /// The first member that has one of the names and is not `null`; names are plain ones, tried in their order.
    func value(_ names: String...) -> JSONValue? {
        for name in names {
            if let member = self.members.first(where: { $0.name == name && $0.value != .null }) { return member.value }
        }
        return nil
    }

    /// A member that is an object.
    func object(_ names: String...) -> UsageObject? {
        for name in names {
            if let object = UsageObject(self.value(name)) { return object }
        }
        return nil
    }

    /// The objects of a member that is a list.
    func objects(_ name: String) -> [UsageObject] {
        self.value(name)?.elements.prefix(Self.maximumElements).compactMap { UsageObject($0) } ?? []
    }

    /// A number, which may be negative, whether it is spelled as one or as a text; `nil` if it is absent or no number.
    func number(_ names: String...) -> Double? {
        for name in names {
            if let number = self.value(name)?.scalarText.flatMap(UsageNumber.read) { return number }
        }
        return nil
    }

    /// A truth value.
    func flag(_ name: String) -> Bool? {
        if case .bool(let flag) = self.value(name) { flag } else { nil }
    }

    /// A text that people may see: 1 to 64 visible ASCII characters or spaces.
    func word(_ names: String...) -> String? {
        for name in names {
            if let text = self.value(name)?.text, (1...64).contains(text.utf8.count),
                text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            {
                return text
            }
        }
        return nil
    }

    /// When a window starts anew, told as a time or as seconds from now; `nil` if it is not told in a known form.
    func reset(at now: WallTime) -> WallTime? {
        for name in ["resettime", "resetat", "resetsat"] {
            if let text = self.value(name)?.scalarText, let time = UsageNumber.time(text) { return time }
        }
        for name in ["resetin", "resetinseconds", "ttl", "window"] {
            // The longest window is a month; what lies beyond a year is no reset.
            if let seconds = self.number(name), (0...31_622_400).contains(seconds) {
                return now + .milliseconds(Int64(seconds * 1_000))
            }
        }
        return nil
    }
}

/// Reads numbers and times as answers about usage spell them.
enum UsageNumber {
    /// Larger amounts are no amounts.
    static let maximum = 1e15

    /// Reads a decimal number of at most 64 characters; `nil` for anything else and for amounts past ±10¹⁵.
    static func read(_ text: String) -> Double? {
        let text = text[...].trimmingHTTPWhitespace()
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(self.isPartOfNumber),
            let number = Double(text), number.isFinite, abs(number) <= self.maximum
        else { return nil }
        return number
    }

    /// Reads a time: RFC 3339, or seconds or milliseconds since 1970 from the year 2001 on.
    static func time(_ text: String) -> WallTime? {
        let text = String(text[...].trimmingHTTPWhitespace())
        if let time = WallTime(rfc3339: text) { return time }
        guard let number = self.read(text) else { return nil }
        switch number {
        case 1e9..<1e11: return WallTime(microseconds: Int64(number * 1e6))
        case 1e12..<1e14: return WallTime(microseconds: Int64(number * 1e3))
        default: return nil
        }
    }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
        default: false
        }
    }
}
