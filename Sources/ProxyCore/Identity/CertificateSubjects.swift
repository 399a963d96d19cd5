/// The callers' certificates that are let in, as `server.tls.client_subjects` lists them (L-006).
///
/// An entry is one of:
/// - a whole subject in the form of RFC 4514, such as `CN=build,O=Example`; spaces around its parts and the case of the names
///   of attributes do not matter;
/// - `CN=NAME` alone: that common name, whatever else the subject says;
/// - an alternative name with its kind: `DNS:build.example`, `URI:spiffe://example/build`, `email:build@example.com`;
/// - the bare text of a common name or of an alternative name.
public struct CertificateSubjects: Sendable, Equatable {
    private var subjects: Set<[String]> = []
    private var commonNames: Set<String> = []
    private var alternativeNames: Set<String> = []
    private var bareNames: Set<String> = []

    private static let kinds = ["DNS:", "URI:", "email:"]

    /// Takes the entries; none of them lets everybody in whose certificate is good.
    public init(_ entries: [String]) {
        for entry in entries {
            if let kind = Self.kinds.first(where: { entry.hasPrefixIgnoringASCIICase($0) }) {
                self.alternativeNames.insert(Self.alternativeName(kind + entry.dropFirst(kind.count)))
            } else if let parts = Self.parts(of: entry) {
                self.subjects.insert(parts)
                if parts.count == 1, let name = Self.commonName(parts[0]) { self.commonNames.insert(name) }
            } else {
                self.bareNames.insert(entry)
            }
        }
    }

    /// Whether everybody is let in whose certificate is good.
    public var isEmpty: Bool {
        self.subjects.isEmpty && self.alternativeNames.isEmpty && self.bareNames.isEmpty
    }

    /// Whether a certificate is let in.
    public func allow(_ certificate: ClientCertificate) -> Bool {
        if self.isEmpty { return true }
        if let name = certificate.commonName, self.commonNames.contains(name) || self.bareNames.contains(name) {
            return true
        }
        if let parts = Self.parts(of: certificate.subject), self.subjects.contains(parts) { return true }
        return certificate.alternativeNames.contains { name in
            self.alternativeNames.contains(Self.alternativeName(name)) || self.allowBare(name)
        }
    }

    private func allowBare(_ name: String) -> Bool {
        guard let kind = Self.kinds.first(where: { name.hasPrefix($0) }) else { return false }
        let text = String(name.dropFirst(kind.count))
        if self.bareNames.contains(text) { return true }
        return kind == "DNS:" && self.bareNames.contains { $0.equalsIgnoringASCIICase(text) }
    }

    /// An alternative name as it is compared: host names regardless of case (RFC 5280 section 7.2), others as they are.
    private static func alternativeName(_ name: String) -> String {
        name.hasPrefix("DNS:") ? "DNS:" + name.dropFirst(4).lowercased() : name
    }

    /// The relative names of a text of RFC 4514, each with its attributes in the order in which they stand; `nil` if it is
    /// none.
    private static func parts(of text: String) -> [String]? {
        let bytes = Array(text.utf8)
        var parts: [String] = []
        var attributes: [[UInt8]] = []
        var attribute: [UInt8] = []
        var isEscaped = false
        for byte in bytes + [UInt8(ascii: ",")] {
            if isEscaped || (byte != UInt8(ascii: ",") && byte != UInt8(ascii: "+")) {
                attribute.append(byte)
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            attributes.append(attribute)
            attribute = []
            guard byte == UInt8(ascii: ",") else { continue }
            var names: [String] = []
            for attribute in attributes {
                guard let name = Self.normalized(attribute) else { return nil }
                names.append(name)
            }
            parts.append(names.joined(separator: "+"))
            attributes = []
        }
        return attribute.isEmpty && attributes.isEmpty ? parts : nil
    }

    /// `TYPE=value` without the spaces around both that do not belong to the value; `nil` if it is no attribute.
    private static func normalized(_ attribute: [UInt8]) -> String? {
        guard let equals = attribute.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let type = Self.trimmed(attribute[..<equals])
        guard !type.isEmpty,
            type.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0.asciiLowercased) || $0 == 0x2D || $0 == 0x2E
            })
        else { return nil }
        let value = Self.trimmed(attribute[attribute.index(after: equals)...])
        return String(decoding: type, as: UTF8.self).uppercased() + "=" + String(decoding: value, as: UTF8.self)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let space = UInt8(ascii: " ")
        var bytes = bytes.drop { $0 == space }
        // One that is escaped belongs to the value.
        while bytes.last == space, bytes.dropLast().last != UInt8(ascii: "\\") { bytes = bytes.dropLast() }
        return bytes
    }

    /// The value of a normalised attribute `CN`, without its escapes (RFC 4514 section 3); `nil` for anything else.
    private static func commonName(_ part: String) -> String? {
        guard part.hasPrefix("CN="), !part.hasPrefix("CN=#") else { return nil }
        var bytes = Array(part.utf8.dropFirst(3))[...]
        var value: [UInt8] = []
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                // A second attribute of the same relative name is none of the value.
                guard byte != UInt8(ascii: "+") else { return nil }
                value.append(byte)
                continue
            }
            let digits = bytes.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            if digits.count == 2 {
                value.append(UInt8(digits[0] * 16 + digits[1]))
                bytes = bytes.dropFirst(2)
            } else if let next = bytes.popFirst() {
                value.append(next)
            }
        }
        return String(decoding: value, as: UTF8.self)
    }
}
