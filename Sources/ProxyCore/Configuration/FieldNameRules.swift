/// Which names of header fields the configuration may mention.
public enum FieldNameRules {
    /// Credentials of callers and of providers, which no setting may forward or set.
    private static let credentials: Set<String> = [
        "authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "x-kmi-proxy-token", "cookie",
    ]

    /// What belongs to one connection (RFC 9110 §7.6.1) or to the framing of a message.
    private static let connection: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "te", "trailer", "transfer-encoding",
        "upgrade", "host", "content-length", "expect",
    ]

    /// What a key decides and not the caller.
    private static let keyBound: Set<String> = ["openai-organization", "openai-project"]

    /// Checks a name of `upstream.forward_headers`.
    public static func checkForwarded(_ name: String) throws(ConfigurationValueError) {
        try Self.checkCommon(name)
        guard !Self.keyBound.contains(name.asciiLowercased) else {
            throw ConfigurationValueError("belongs to a key: set it in the headers of the [[key]]")
        }
    }

    /// Checks a field of a key's `headers`.
    public static func check(_ field: HeaderFields.Field) throws(ConfigurationValueError) {
        try Self.checkCommon(field.name)
        let value = field.value
        guard value.utf8.count <= 4096, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            value.utf8.first != 0x20, value.utf8.last != 0x20
        else {
            throw ConfigurationValueError(
                "has a value that is no field value: expected printable ASCII without spaces at its ends")
        }
    }

    private static func checkCommon(_ name: String) throws(ConfigurationValueError) {
        let isToken =
            (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0.asciiLowercased) || (0x30...0x39).contains($0)
                    || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
        guard isToken else { throw ConfigurationValueError("expected the name of a header field") }
        let lowered = name.asciiLowercased
        guard !Self.credentials.contains(lowered) else {
            throw ConfigurationValueError("is a credential, which no setting may pass on")
        }
        guard !Self.connection.contains(lowered) else {
            throw ConfigurationValueError("belongs to one connection and is never passed on")
        }
        guard !lowered.hasPrefix("x-kmi-") else {
            throw ConfigurationValueError("is a control of the proxy, which is never passed on")
        }
    }
}

extension String {
    /// The text with its ASCII letters in lower case.
    fileprivate var asciiLowercased: String {
        String(decoding: self.utf8.map(\.asciiLowercased), as: UTF8.self)
    }
}
