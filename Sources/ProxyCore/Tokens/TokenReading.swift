/// Takes counts out of one object in which a provider tells them.
struct TokenReading: Sendable {
    /// The object.
    let object: JSONValue
    /// Whether it told a number that cannot be a count: one below zero, a fraction, one beyond all measure.
    private(set) var isDoubtful = false

    /// No answer has more tokens than this.
    static let largestCount: Int64 = 1_000_000_000_000

    /// Begins to read an object.
    init(_ object: JSONValue) {
        self.object = object
    }

    /// The first member of these names that is an object.
    func member(_ names: String...) -> JSONValue? {
        for name in names {
            if let value = self.object[name], case .object = value { return value }
        }
        return nil
    }

    /// The count that a member of the object itself tells; `nil` if it tells none.
    mutating func count(_ name: String) -> Int64? { self.count(self.object[name]) }

    /// The count that a number, or a string that spells one, tells; `nil` for everything else.
    mutating func count(_ value: JSONValue?) -> Int64? {
        guard let text = value?.scalarText else { return nil }
        let (count, isDoubtful) = Self.count(text)
        if isDoubtful { self.isDoubtful = true }
        return count
    }

    /// The count that a text spells, and whether it spells a number that cannot be one.
    static func count(_ text: String) -> (count: Int64?, isDoubtful: Bool) {
        guard let number = DecimalText(text) else { return (nil, false) }
        guard !number.isNegative, number.isExact, let count = number.magnitude, count <= self.largestCount else {
            return (nil, true)
        }
        return (count, false)
    }

    /// What the object says that the answer cost in US dollars, in pico-dollars; `nil` if it does not say or it is below
    /// zero.
    var cost: Int64? {
        guard let text = self.object["cost"]?.scalarText, let number = DecimalText(text, scale: 12),
            !number.isNegative
        else { return nil }
        return number.magnitude
    }

    /// The service tier that the object names.
    var serviceTier: String? { (self.object["service_tier"] ?? self.object["serviceTier"])?.text }
}

extension Int64? {
    /// Takes a later value; what is missing leaves the former.
    mutating func take(_ later: Int64?) {
        if let later { self = later }
    }
}

/// Counts that a conversion arrives at, and whether it came out below zero somewhere or found a contradiction.
struct ConvertedCounts: Sendable, Equatable {
    /// The counts.
    var counts = TokenCounts()
    /// Whether what they were made of contradicts itself.
    var isInconsistent = false

    /// The part of a whole that remains; what would be below zero is zero and a contradiction.
    mutating func rest(of whole: Int64, without parts: Int64...) -> Int64 {
        let rest = parts.reduce(whole, -)
        if rest < 0 { self.isInconsistent = true }
        return max(0, rest)
    }
}
