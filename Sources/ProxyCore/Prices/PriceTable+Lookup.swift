extension ProviderKind {
    /// What stands before the names of this kind's models in price tables; `nil` for kinds without entries of their own.
    var pricePrefix: String? {
        switch self {
        case .openAI, .anthropic, .gemini, .deepSeek, .moonshot, .openRouter: self.rawValue + "/"
        case .kimi, .local, .compatible: nil
        }
    }
}

/// How a model is found among prices; always the same way, so that the same request never has two costs (X-022).
///
/// The name with the kind's prefix comes first, then the name itself, then the same for ever shorter names, where what is
/// left out is nothing but a version. A price is never taken from a neighbour: `gpt-4o` has none for `gpt-4o-mini`.
enum PriceLookup {
    /// Finds the entry of a model.
    static func entry(
        of model: ModelName, kind: ProviderKind, in prices: [String: ModelPrice]
    ) -> (name: String, price: ModelPrice)? {
        var name = Substring(model.text)
        // Gemini's own interface names models as resources.
        if kind == .gemini, name.hasPrefix("models/") { name = name.dropFirst(7) }
        while !name.isEmpty {
            if let prefix = kind.pricePrefix, let price = prices[prefix + name] { return (prefix + name, price) }
            if let price = prices[String(name)], Self.isServed(price, by: kind) { return (String(name), price) }
            guard let shorter = Self.shortened(name, of: model.text) else { return nil }
            name = shorter
        }
        return nil
    }

    /// Whether an entry without a prefix is about a service of this kind: several services have models of one name.
    private static func isServed(_ price: ModelPrice, by kind: ProviderKind) -> Bool {
        guard kind.pricePrefix != nil, let maker = price.maker else { return true }
        return maker == kind.rawValue || maker.hasSuffix("-" + kind.rawValue)
    }

    /// The longest beginning of a name behind which nothing is left out but a version; `nil` if there is none.
    private static func shortened(_ name: Substring, of whole: String) -> Substring? {
        var rest = name
        while let end = rest.lastIndex(where: VersionSuffix.separators.contains), end > rest.startIndex {
            guard VersionSuffix.canHold(rest[rest.index(after: end)...]) else { return nil }
            rest = rest[..<end]
            // A day is a version with its month and year only, so that what is no version yet may become one.
            if VersionSuffix.matches(whole[end...]) { return rest }
        }
        return nil
    }
}

/// The rest of a model's name that says nothing but which version of the model it is.
enum VersionSuffix {
    private static let words: Set<Substring> = [
        "v1", "latest", "preview", "exp", "experimental", "beta", "alpha", "rc", "stable", "snapshot",
    ]

    /// What stands before each part.
    static let separators: Set<Character> = ["-", "@", ":"]

    /// Whether a part may stand in a version.
    static func canHold(_ part: Substring) -> Bool { Self.isNumber(part) || Self.words.contains(part) }

    /// Whether the text, which begins with `-`, `@` or `:`, is made of dates, build numbers and words for versions.
    ///
    /// A number of one digit is none of them, for it tells models apart: `claude-opus-4-1` is no version of
    /// `claude-opus-4`. Two digits are the month or day beside another part of a date. Three to five are a build number
    /// by themselves only: with a word beside it, as in `gpt-4-1106-preview`, it was another model more than once.
    static func matches(_ text: Substring) -> Bool {
        let parts = text.dropFirst().split(omittingEmptySubsequences: false, whereSeparator: Self.separators.contains)
        return parts.indices.allSatisfy { index in
            let part = parts[index]
            guard Self.isNumber(part) else { return Self.words.contains(part) }
            let neighbours = [index - 1, index + 1].filter(parts.indices.contains).map { parts[$0] }
            return switch part.utf8.count {
            // The second number of Bedrock's versions, `-v1:0`.
            case 1: text[..<part.startIndex].hasSuffix("v1:")
            case 2: neighbours.contains { Self.isNumber($0) && ($0.utf8.count == 2 || Self.isYear($0)) }
            case 4 where Self.isYear(part) && neighbours.contains { Self.isNumber($0) && $0.utf8.count == 2 }: true
            case 3...5: parts.count == 1
            case 6...8: true
            default: false
            }
        }
    }

    private static func isYear(_ part: Substring) -> Bool { part.utf8.count == 4 && part.hasPrefix("20") }

    private static func isNumber(_ part: Substring) -> Bool {
        !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
