extension ModelPrice {
    /// Why an entry is no price.
    struct Fault: Error {
        /// The field; `nil` if it is about the entry as a whole.
        var field: String?
        /// What is wrong, for a person.
        var reason: String
    }

    /// How many ranges an entry may have.
    private static let mostRanges = 64

    /// Reads an entry of a table; what it does not know is left out.
    init(_ members: [JSONValue.Member]) throws(Fault) {
        for member in members {
            switch member.name {
            case "litellm_provider": self.maker = member.value.text
            case "mode": self.mode = member.value.text
            case "input_cost_per_request": self.perRequest = try Self.price(member)
            case "tiered_pricing": self.ranges = try Self.ranges(member.value)
            default: try Self.read(member, into: &self.rates)
            }
        }
        try Self.readFormerCacheRead(members, into: &self.rates)
    }

    /// Takes the prices of a person's configuration, in dollars by the names of the table.
    init(costs: [String: Double]) throws(Fault) {
        for (name, dollars) in costs {
            guard let field = PriceField(name) else { throw Fault(field: name, reason: "is no price") }
            do throws(PicoDollars.Fault) {
                // A number is described by the shortest text that means it, which is what was written.
                self.rates[field] = try PicoDollars.parsePrice(dollars.description)
            } catch {
                throw Fault(field: name, reason: error.rawValue)
            }
        }
    }

    private static func read(_ member: JSONValue.Member, into rates: inout [PriceField: Int64]) throws(Fault) {
        guard let field = PriceField(member.name) else { return }
        rates[field] = try Self.price(member)
    }

    private static func readFormerCacheRead(
        _ members: [JSONValue.Member], into rates: inout [PriceField: Int64]
    ) throws(Fault) {
        guard rates[PriceField(.cacheRead)] == nil,
            let former = members.last(where: { $0.name == PriceField.formerCacheRead })
        else { return }
        rates[PriceField(.cacheRead)] = try Self.price(former)
    }

    /// A price in dollars, as a number or as the text of one; `nil` for `null`, which is as good as missing.
    private static func price(_ member: JSONValue.Member) throws(Fault) -> Int64? {
        if member.value == .null { return nil }
        guard let text = member.value.scalarText else {
            throw Fault(field: member.name, reason: PicoDollars.Fault.malformed.rawValue)
        }
        do throws(PicoDollars.Fault) {
            return try PicoDollars.parsePrice(text)
        } catch {
            throw Fault(field: member.name, reason: error.rawValue)
        }
    }

    private static func ranges(_ value: JSONValue) throws(Fault) -> [Range] {
        let name = "tiered_pricing"
        if value == .null { return [] }
        guard case .array(let elements) = value, elements.count <= Self.mostRanges else {
            throw Fault(field: name, reason: "is no list of at most \(Self.mostRanges) ranges")
        }
        var ranges: [Range] = []
        for element in elements {
            // What is charged by something else than the prompt's length, such as searches, has no such range.
            guard case .object(let members) = element, let bounds = element["range"] else { continue }
            guard bounds.elements.count == 2, let lower = Self.tokens(bounds.elements[0]) else {
                throw Fault(field: name, reason: "has a range that is not two numbers of tokens")
            }
            var rates: [PriceField: Int64] = [:]
            for member in members { try Self.read(member, into: &rates) }
            try Self.readFormerCacheRead(members, into: &rates)
            ranges.append(Range(above: lower, rates: rates))
        }
        ranges.sort { $0.above < $1.above }
        for (range, next) in zip(ranges, ranges.dropFirst()) where range.above == next.above {
            throw Fault(field: name, reason: "has two ranges that begin at \(range.above)")
        }
        return ranges
    }

    /// A number of tokens, which tables write as `32000`, `32000.0` and `3.2e4`.
    private static func tokens(_ value: JSONValue) -> Int64? {
        guard case .number(let text) = value else { return nil }
        // No number of tokens is so large that floating point would change it.
        guard let tokens = Int64(text) ?? Double(text).flatMap({ Int64(exactly: $0.rounded(.down)) }), tokens >= 0
        else { return nil }
        return tokens
    }
}
