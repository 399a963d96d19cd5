/// The paths of a provider's base addresses, one for each dialect that has a base of its own.
public struct BasePaths: Sendable, Hashable {
    /// The path of the base, without trailing slashes; empty at the root.
    public let general: String
    /// The path of the base for Anthropic Messages, without trailing slashes.
    public let anthropic: String
    /// Whether the provider speaks Anthropic's API only, so that every `/v1/…` of a caller belongs below `v1` there.
    public let isAnthropicOnly: Bool

    /// Makes the pair.
    ///
    /// Trailing slashes of the paths are dropped.
    ///
    /// - Parameters:
    ///   - general: Path of `base_url`.
    ///   - anthropic: Path of `anthropic_base_url`; `nil` where both dialects share the base.
    ///   - isAnthropicOnly: Whether `base_url` is an Anthropic base (the kind `anthropic`).
    public init(general: String, anthropic: String? = nil, isAnthropicOnly: Bool = false) {
        self.general = Self.trimmed(general)
        self.anthropic = Self.trimmed(anthropic ?? general)
        self.isAnthropicOnly = isAnthropicOnly
    }

    /// The paths of a provider's addresses; `nil` if it has none.
    public init?(_ bases: ProviderKind.Bases) {
        guard let general = bases.openAI ?? bases.anthropic else { return nil }
        self.init(
            general: general.path, anthropic: bases.anthropic?.path, isAnthropicOnly: bases.openAI == nil)
    }

    private static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.utf8.last == 0x2F { path.removeLast() }
        return path.isEmpty || path.utf8.first == 0x2F ? String(path) : "/" + path
    }
}

/// Puts a caller's path behind a provider's base.
public enum TargetJoining {
    /// Where a request goes at its provider.
    public struct Joined: Sendable, Hashable {
        /// Whether the base for Anthropic Messages was taken: its origin counts then.
        public var usesAnthropicBase: Bool
        /// Path and query, byte for byte as they are sent.
        public var target: String

        /// Makes a result.
        public init(usesAnthropicBase: Bool, target: String) {
            self.usesAnthropicBase = usesAnthropicBase
            self.target = target
        }
    }

    /// The upstream target of a route; `nil` for routes that go to no provider.
    public static func join(_ route: Route, query: RequestTarget, bases: BasePaths) -> Joined? {
        switch route {
        case .openAI(let rest), .anthropic(let rest):
            self.join(rest: rest, isVersioned: true, querySuffix: query.querySuffix, bases: bases)
        case .provider(_, let rest), .base(let rest):
            self.join(rest: rest, isVersioned: false, querySuffix: query.querySuffix, bases: bases)
        case .models, .notFound, .methodNotAllowed:
            nil
        }
    }

    /// The upstream target of a path's rest.
    ///
    /// `messages` and what lies below it goes to the Anthropic base, below `v1` there. Everything else is appended to
    /// the general base; one leading `v1` of the rest is dropped where the base already ends in it.
    ///
    /// - Parameters:
    ///   - rest: What follows the route's prefix, its leading slash included; may be empty.
    ///   - isVersioned: Whether the prefix stood for `/v1` itself.
    ///   - querySuffix: The query with its question mark; empty without one.
    ///   - bases: The provider's base paths.
    public static func join(
        rest: some StringProtocol,
        isVersioned: Bool,
        querySuffix: String,
        bases: BasePaths
    ) -> Joined {
        if self.isMessages(rest) {
            let path = self.endsInVersion(bases.anthropic) ? bases.anthropic : bases.anthropic + "/v1"
            return Joined(usesAnthropicBase: true, target: path + self.withoutVersion(rest) + querySuffix)
        }
        if isVersioned, bases.isAnthropicOnly {
            let path = self.endsInVersion(bases.general) ? bases.general : bases.general + "/v1"
            return Joined(usesAnthropicBase: true, target: path + self.withoutVersion(rest) + querySuffix)
        }
        let remainder = self.endsInVersion(bases.general) ? self.withoutVersion(rest) : Substring(rest)
        let path = bases.general + remainder
        return Joined(usesAnthropicBase: bases.isAnthropicOnly, target: (path.isEmpty ? "/" : path) + querySuffix)
    }

    /// Whether a rest is `/messages` or below it, one leading `/v1` aside.
    public static func isMessages(_ rest: some StringProtocol) -> Bool {
        let rest = self.withoutVersion(rest)
        return rest.utf8.starts(with: "/messages".utf8)
            && (rest.utf8.count == 9 || rest.utf8.dropFirst(9).first == 0x2F)
    }

    /// The rest without one leading `/v1` segment.
    private static func withoutVersion(_ rest: some StringProtocol) -> Substring {
        let rest = Substring(rest)
        guard rest.utf8.starts(with: "/v1".utf8), rest.utf8.count == 3 || rest.utf8.dropFirst(3).first == 0x2F else {
            return rest
        }
        return rest.dropFirst(3)
    }

    private static func endsInVersion(_ path: String) -> Bool {
        path.hasSuffix("/v1")
    }
}
