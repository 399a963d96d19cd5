/// Where a secret is to be found.
///
/// The configuration holds references only, never a secret itself (K-009).
public enum SecretReference: Hashable, Sendable {
    /// One attribute of an entry of the Secret Service.
    public struct Attribute: Hashable, Sendable {
        /// The attribute's name.
        public let name: String
        /// The value that it must have.
        public let value: String

        /// Makes an attribute.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `file:PATH`, relative to the configuration file.
    case file(path: String)
    /// `credential:NAME`, a credential that systemd passes.
    case credential(name: String)
    /// `env:NAME`, an environment variable.
    case environment(name: String)
    /// `secret-service:ATTR=VALUE[,…]`, the entry of the Secret Service that has all these attributes.
    case secretService(attributes: [Attribute])
    /// `store:ID`, an entry of the daemon's own `secrets/` directory.
    case store(id: String)

    /// The forms that a reference may have, for messages.
    public static let expectedForms =
        "file:PATH, credential:NAME, env:NAME, secret-service:ATTR=VALUE[,…] or store:ID"

    /// Reads a reference.
    ///
    /// The error never repeats the text, because it may be a secret in the wrong place.
    public init(parsing text: String) throws(ConfigurationValueError) {
        guard let colon = text.firstIndex(of: ":") else {
            throw ConfigurationValueError(
                "is not a secret reference: expected \(Self.expectedForms). A secret itself never stands here")
        }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "file":
            guard !rest.isEmpty, !rest.utf8.contains(0) else {
                throw ConfigurationValueError("names no file: expected file:PATH")
            }
            self = .file(path: rest)
        case "credential":
            guard Self.isFileName(rest) else {
                throw ConfigurationValueError(
                    "names no credential: expected credential:NAME, a file name of at most 255 bytes without '/'")
            }
            self = .credential(name: rest)
        case "env":
            guard Self.isVariableName(rest) else {
                throw ConfigurationValueError(
                    "names no environment variable: expected env:NAME, NAME being letters, digits and '_'")
            }
            self = .environment(name: rest)
        case "secret-service":
            self = .secretService(attributes: try Self.attributes(rest))
        case "store":
            guard IdentityText.isLabel(rest) else {
                throw ConfigurationValueError(
                    "names no entry of the store: expected store:ID, ID being 1–64 of A-Z a-z 0-9 . _ @ + -")
            }
            self = .store(id: rest)
        default:
            throw ConfigurationValueError(
                "has an unknown kind of secret reference: expected \(Self.expectedForms). "
                    + "A secret itself never stands here")
        }
    }

    private static func attributes(_ text: String) throws(ConfigurationValueError) -> [Attribute] {
        var attributes: [Attribute] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[0].isEmpty, !pair[1].isEmpty else {
                throw ConfigurationValueError("names no attributes: expected secret-service:ATTR=VALUE[,ATTR=VALUE…]")
            }
            guard !attributes.contains(where: { $0.name == pair[0] }) else {
                throw ConfigurationValueError("names the attribute '\(pair[0])' twice")
            }
            attributes.append(Attribute(name: String(pair[0]), value: String(pair[1])))
        }
        // Attributes form a set, so the order in which they are written makes no difference.
        return attributes.sorted { $0.name < $1.name }
    }

    private static func isFileName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text != "." && text != ".."
            && !text.utf8.contains { $0 == 0x2F || $0 == 0 }
    }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7A).contains($0.asciiLowercased) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
    }
}

extension SecretReference: CustomStringConvertible {
    /// The reference in the form that the configuration uses.
    public var description: String {
        switch self {
        case .file(let path): "file:\(path)"
        case .credential(let name): "credential:\(name)"
        case .environment(let name): "env:\(name)"
        case .secretService(let attributes):
            "secret-service:" + attributes.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        case .store(let id): "store:\(id)"
        }
    }
}
