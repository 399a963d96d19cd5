/// The credential that a caller showed.
///
/// It never prints itself.
public struct ClientCredential: Sendable, Equatable, CustomStringConvertible {
    /// The bytes of the token: 1 to 4,096 visible ASCII characters.
    public let bytes: [UInt8]

    /// What the credential headers of a request amount to.
    public enum Extraction: Sendable, Equatable {
        /// None of the five headers is there.
        case none
        /// One credential, however often it is repeated.
        case presented(ClientCredential)
        /// The headers are answered 401, for a reason that may be logged.
        case refused(Refusal)
    }

    /// Why the credential headers of a request are refused.
    public enum Refusal: String, Sendable, CaseIterable {
        /// A header is there but holds nothing.
        case empty
        /// A value holds a byte that is no visible ASCII character.
        case notVisibleASCII = "not_visible_ascii"
        /// A value is longer than 4 KiB.
        case tooLong = "too_long"
        /// Two headers hold different values.
        case conflicting
        /// `Authorization` has another scheme than Bearer.
        case otherScheme = "other_scheme"
    }

    /// The most bytes that a credential may have.
    public static let maximumLength = 4_096

    /// The header fields that may hold a credential.
    ///
    /// None of them is ever forwarded.
    public static let headerNames = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "x-kmi-proxy-token"]

    /// Always the text `<redacted>`.
    public var description: String { "<redacted>" }

    /// Reads the five credential headers (K-022).
    ///
    /// The scheme of `Authorization` compares without regard to case and is followed by one or more spaces or tabs
    /// (RFC 9110 §11.4). An `Authorization` of another scheme is refused instead of overlooked, since the caller meant
    /// it as its credential.
    public static func extract(from headers: HeaderFields) -> Extraction {
        var found: [UInt8]?
        for field in headers where self.headerNames.contains(where: field.name.equalsIgnoringASCIICase) {
            // A credential over the limit is recognised before anything is copied; the scheme has room in the slack.
            guard field.value.utf8.count <= self.maximumLength + 64 else { return .refused(.tooLong) }
            var value = Array(field.value.utf8)[...]
            if field.name.equalsIgnoringASCIICase("authorization") {
                guard let token = self.bearerToken(value) else {
                    return .refused(self.trimmed(value).isEmpty ? .empty : .otherScheme)
                }
                value = token
            }
            value = self.trimmed(value)
            guard !value.isEmpty else { return .refused(.empty) }
            guard value.count <= self.maximumLength else { return .refused(.tooLong) }
            guard value.allSatisfy({ (0x21...0x7E).contains($0) }) else { return .refused(.notVisibleASCII) }
            if let found, found[...] != value { return .refused(.conflicting) }
            found = Array(value)
        }
        return found.map { .presented(ClientCredential(bytes: $0)) } ?? .none
    }

    /// What follows the scheme `Bearer`; `nil` for another scheme.
    private static func bearerToken(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let value = self.trimmed(value)
        let scheme = value.prefix { !self.isBlank($0) }
        guard scheme.elementsEqual("bearer".utf8, by: { $0.asciiLowercased == $1 }) else { return nil }
        return value[scheme.endIndex...]
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let byte = bytes.first, self.isBlank(byte) { bytes.removeFirst() }
        while let byte = bytes.last, self.isBlank(byte) { bytes.removeLast() }
        return bytes
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
