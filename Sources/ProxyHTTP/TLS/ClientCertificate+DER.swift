import ProxyCore
import SwiftASN1

// Read with SwiftASN1 alone: swift-certificates brings CoreFoundation along, whose copies of the C library's types then
// stand in the way of the C library's own in every module above (member import visibility).

extension ClientCertificate {
    /// A certificate is not made as RFC 5280 says.
    struct Malformed: Error {}

    private static let alternativeNames: ASN1ObjectIdentifier = [2, 5, 29, 17]

    /// Reads the names and the end of a certificate that has been verified (RFC 5280 sections 4.1 and 4.2.1.6).
    ///
    /// Throws if they cannot be read; nobody is taken for somebody else then.
    init(derEncoded bytes: [UInt8]) throws {
        var fields = try DER.parse(bytes).members().required().members()[...]
        // The version is left out of the oldest.
        if fields.first?.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific) {
            fields = fields.dropFirst()
        }
        // Serial number, signature algorithm, issuer, validity, subject, public key.
        guard fields.count >= 6 else { throw Malformed() }
        let validity = try fields[fields.startIndex + 3].members()
        guard validity.count == 2, let notAfter = Self.time(validity[1]) else { throw Malformed() }
        let subject = try DistinguishedName(fields[fields.startIndex + 4])
        let extensions = fields.dropFirst(6)
            .first { $0.identifier == ASN1Identifier(tagWithNumber: 3, tagClass: .contextSpecific) }
        self.init(
            subject: subject.text, commonName: subject.commonName,
            alternativeNames: try extensions.map { try Self.alternativeNames(in: $0) } ?? [], notAfter: notAfter)
    }

    /// A time in one of the two forms of RFC 5280 section 4.1.2.5; `nil` if it is none.
    private static func time(_ node: ASN1Node) -> WallTime? {
        guard case .primitive(let bytes) = node.content else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        switch node.identifier {
        case .utcTime: return WallTime(certificateUTCTime: text)
        case .generalizedTime: return WallTime(certificateGeneralizedTime: text)
        default: return nil
        }
    }

    private static func alternativeNames(in extensions: ASN1Node) throws -> [String] {
        for entry in try extensions.members().required().members() {
            let parts = try entry.members()
            guard let type = parts.first, let value = parts.last,
                try ASN1ObjectIdentifier(derEncoded: type) == Self.alternativeNames
            else { continue }
            let names = try DER.parse(ASN1OctetString(derEncoded: value).bytes)
            return try names.members().compactMap { try Self.text(of: $0) }
        }
        return []
    }

    /// An alternative name with its kind; `nil` for kinds that nobody is told by, and for what is no ASCII.
    private static func text(of name: ASN1Node) throws -> String? {
        guard name.identifier.tagClass == .contextSpecific, case .primitive(let bytes) = name.content,
            bytes.allSatisfy({ $0 < 0x80 })
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        switch name.identifier.tagNumber {
        case 1: return "email:\(text)"
        case 2: return "DNS:\(text)"
        case 6: return "URI:\(text)"
        default: return nil
        }
    }
}

/// A name of a certificate (RFC 5280 section 4.1.2.4).
private struct DistinguishedName {
    /// An attribute: its type and its value.
    struct Attribute {
        private static let shortNames: [ASN1ObjectIdentifier: String] = [
            [2, 5, 4, 3]: "CN", [2, 5, 4, 6]: "C", [2, 5, 4, 7]: "L", [2, 5, 4, 8]: "ST", [2, 5, 4, 10]: "O",
            [2, 5, 4, 11]: "OU", [2, 5, 4, 9]: "street", [2, 5, 4, 5]: "serialNumber",
            [0, 9, 2342, 19_200_300, 100, 1, 25]: "DC", [0, 9, 2342, 19_200_300, 100, 1, 1]: "UID",
            [1, 2, 840, 113_549, 1, 9, 1]: "emailAddress",
        ]
        static let commonName: ASN1ObjectIdentifier = [2, 5, 4, 3]

        let type: ASN1ObjectIdentifier
        let value: ASN1Node

        init(_ node: ASN1Node) throws {
            let parts = try node.members()
            guard parts.count == 2 else { throw ClientCertificate.Malformed() }
            self.type = try ASN1ObjectIdentifier(derEncoded: parts[0])
            self.value = parts[1]
        }

        /// The value where it is text; the kinds that are not ASCII or UTF-8 are none.
        var plain: String? {
            guard case .primitive(let bytes) = self.value.content else { return nil }
            switch self.value.identifier {
            case .utf8String: return String(validating: bytes, as: UTF8.self)
            case .printableString, .ia5String:
                return bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
            default: return nil
            }
        }

        /// The attribute as RFC 4514 section 2.3 writes it.
        var text: String {
            if let name = Self.shortNames[self.type], let value = self.plain {
                return "\(name)=\(Self.escaped(value))"
            }
            // Section 2.4: what has no short name, or is no text, is shown as it is encoded.
            return "\(self.type)=#" + self.value.encodedBytes.map(Self.hexadecimal).joined()
        }

        /// Section 2.4, and control characters as well, which may stand there either way.
        private static func escaped(_ value: String) -> String {
            let bytes = Array(value.utf8)
            var text: [UInt8] = []
            for (index, byte) in bytes.enumerated() {
                let isEdge = index == 0 || index == bytes.count - 1
                switch byte {
                case UInt8(ascii: ","), UInt8(ascii: "+"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"),
                    UInt8(ascii: ">"), UInt8(ascii: ";"):
                    text += [UInt8(ascii: "\\"), byte]
                case UInt8(ascii: " ") where isEdge, UInt8(ascii: "#") where index == 0:
                    text += [UInt8(ascii: "\\"), byte]
                case 0..<0x20, 0x7F:
                    text += [UInt8(ascii: "\\")] + Self.hexadecimal(byte).utf8
                default:
                    text.append(byte)
                }
            }
            return String(decoding: text, as: UTF8.self)
        }

        private static func hexadecimal(_ byte: UInt8) -> String {
            (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }

    /// The relative names, each a set of attributes.
    let parts: [[Attribute]]

    init(_ node: ASN1Node) throws {
        self.parts = try node.members().map { try $0.members().map(Attribute.init) }
    }

    /// The name as text (RFC 4514), the most particular part first, with the short names that
    /// `openssl x509 -nameopt RFC2253` prints.
    var text: String {
        self.parts.reversed().map { $0.map(\.text).joined(separator: "+") }.joined(separator: ",")
    }

    /// The common name; `nil` without exactly one.
    var commonName: String? {
        let names = self.parts.joined().filter { $0.type == Attribute.commonName }
        return names.count == 1 ? names[0].plain : nil
    }
}

extension ASN1Node {
    /// What a constructed value is made of; throws if it is a primitive one.
    fileprivate func members() throws -> [ASN1Node] {
        guard case .constructed(let members) = self.content else { throw ClientCertificate.Malformed() }
        return Array(members)
    }
}

extension [ASN1Node] {
    /// The first one, which has to be there.
    fileprivate func required() throws -> ASN1Node {
        guard let first = self.first else { throw ClientCertificate.Malformed() }
        return first
    }
}
