/// Where a request goes.
///
/// `rest` is what follows the route's prefix, byte for byte and with its leading slash; it is empty where the path is
/// the prefix alone.
public enum Route: Sendable, Hashable {
    /// The merged list of models, or one entry of it.
    case models(ModelsRequest)
    /// `/v1/…`, routed by model.
    case openAI(rest: String)
    /// `/v1/messages` or `/v1/messages/…`, routed by model.
    case anthropic(rest: String)
    /// `/p/NAME/…`: one provider, whose name is among those that the table was made with.
    case provider(name: String, rest: String)
    /// The compatibility mount: the default provider.
    case base(rest: String)
    /// No such route or provider.
    case notFound
    /// `CONNECT` or `TRACE`.
    case methodNotAllowed

    /// What is asked of the model list.
    public enum ModelsRequest: Sendable, Hashable {
        /// The whole list.
        case list
        /// One entry, its id with percent escapes decoded.
        case entry(id: String)
    }

    /// The rest of the path for routes that go to a provider.
    public var rest: String? {
        switch self {
        case .openAI(let rest), .anthropic(let rest), .provider(_, let rest), .base(let rest): rest
        case .models, .notFound, .methodNotAllowed: nil
        }
    }

    /// The dialect of a request on this route.
    public func dialect(target: RequestTarget, headers: HeaderFields) -> Dialect {
        switch self {
        case .openAI(let rest), .anthropic(let rest), .provider(_, let rest), .base(let rest):
            Dialect.of(rest: rest, headers: headers)
        case .models: headers.contains("anthropic-version") ? .anthropic : .openai
        case .notFound, .methodNotAllowed: Dialect.ofUnrouted(target: target.path, headers: headers)
        }
    }
}

/// Tells which route a request takes.
public struct RouteTable: Sendable {
    /// The compatibility mount without a trailing slash: `nil` is off, empty is every path that nothing else claims.
    public let basePath: String?
    private let providers: Set<String>

    /// Makes a table.
    ///
    /// `basePath` is the setting: empty turns the mount off, `/` mounts it on every path that no other route claims,
    /// trailing slashes do not matter.
    public init(basePath: String, providers: some Sequence<String>) {
        if basePath.isEmpty {
            self.basePath = nil
        } else {
            var path = basePath[...]
            while path.last == "/" { path.removeLast() }
            self.basePath = path.isEmpty || path.first == "/" ? String(path) : "/" + path
        }
        self.providers = Set(providers)
    }

    /// Tells the route of a request.
    ///
    /// Paths compare byte for byte.
    public func classify(method: String, target: RequestTarget) -> Route {
        if method == "CONNECT" || method == "TRACE" { return .methodNotAllowed }
        let path = target.path
        if let rest = Self.rest(of: path, after: "/v1"), !rest.isEmpty {
            return Self.classifyVersioned(method: method, rest: rest)
        }
        if let rest = Self.rest(of: path, after: "/p"), rest.utf8.count > 1 {
            return self.classifyProvider(rest: rest.dropFirst())
        }
        if let basePath = self.basePath, let rest = Self.rest(of: path, after: basePath) {
            return .base(rest: String(rest))
        }
        return .notFound
    }

    private static func classifyVersioned(method: String, rest: Substring) -> Route {
        if TargetJoining.isMessages(rest) { return .anthropic(rest: String(rest)) }
        if method == "GET" || method == "HEAD", let name = Self.rest(of: rest, after: "/models") {
            let id = name.dropFirst()
            return id.isEmpty ? .models(.list) : .models(.entry(id: PercentEncoding.decode(id)))
        }
        return .openAI(rest: String(rest))
    }

    private func classifyProvider(rest: Substring) -> Route {
        let name = rest.prefix { $0 != "/" }
        let decoded = PercentEncoding.decode(name)
        guard self.providers.contains(decoded) else { return .notFound }
        return .provider(name: decoded, rest: String(rest[name.endIndex...]))
    }

    /// What follows `prefix` where it ends at a segment's end.
    private static func rest(of path: some StringProtocol, after prefix: String) -> Substring? {
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = Substring(path).dropFirst(prefix.utf8.count)
        return rest.isEmpty || rest.utf8.first == 0x2F ? rest : nil
    }
}

/// Percent escapes of URIs (RFC 3986 §2.1).
enum PercentEncoding {
    /// The text with its escapes decoded.
    ///
    /// Escapes that are malformed, and texts that are not UTF-8 afterwards, stay as they are.
    static func decode(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(0x25) else { return String(text) }
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            if source[index] == 0x25, index + 2 < source.count, let high = source[index + 1].hexadecimalValue,
                let low = source[index + 2].hexadecimalValue
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? String(text)
    }
}
