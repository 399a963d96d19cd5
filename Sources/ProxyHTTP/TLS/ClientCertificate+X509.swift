import ProxyCore
import SwiftASN1
import X509

extension ClientCertificate {
    /// Reads the names of a certificate (RFC 5280 sections 4.1.2.6 and 4.2.1.6).
    ///
    /// Throws if it cannot be read; nobody is taken for somebody else then.
    init(derEncoded bytes: [UInt8]) throws {
        let certificate = try Certificate(derEncoded: bytes)
        let subject = certificate.subject
        let common = subject.flatMap { name in name.filter { $0.type == .RDNAttributeType.commonName } }
        let names = try certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames()
        self.init(
            subject: try subject.text,
            commonName: common.count == 1 ? common.first.flatMap { String($0.value) } : nil,
            alternativeNames: names.compactMap(\.text))
    }
}

extension GeneralName {
    /// The name as ``ClientCertificate/alternativeNames`` has it; `nil` for kinds that nothing is told by.
    fileprivate var text: String? {
        switch self {
        case .dnsName(let name): "DNS:\(name)"
        case .uniformResourceIdentifier(let name): "URI:\(name)"
        case .rfc822Name(let name): "email:\(name)"
        default: nil
        }
    }
}

extension DistinguishedName {
    /// The name as text (RFC 4514), the most particular part first, with the short names that `openssl x509 -nameopt RFC2253`
    /// prints.
    var text: String {
        get throws { try self.reversed().map { try $0.text }.joined(separator: ",") }
    }
}

extension RelativeDistinguishedName {
    fileprivate var text: String {
        get throws { try self.map { try $0.text }.joined(separator: "+") }
    }
}

extension RelativeDistinguishedName.Attribute {
    private static let shortNames: [ASN1ObjectIdentifier: String] = [
        .RDNAttributeType.commonName: "CN", .RDNAttributeType.countryName: "C", .RDNAttributeType.localityName: "L",
        .RDNAttributeType.stateOrProvinceName: "ST", .RDNAttributeType.organizationName: "O",
        .RDNAttributeType.organizationalUnitName: "OU", .RDNAttributeType.streetAddress: "street",
        .RDNAttributeType.domainComponent: "DC", .RDNAttributeType.emailAddress: "emailAddress",
        [0, 9, 2342, 19_200_300, 100, 1, 1]: "UID", [2, 5, 4, 5]: "serialNumber",
    ]

    fileprivate var text: String {
        get throws {
            if let name = Self.shortNames[self.type], let value = String(self.value) {
                return "\(name)=\(Self.escaped(value))"
            }
            // RFC 4514 section 2.4: what has no short name, or is no text, is shown as it is encoded.
            var serializer = DER.Serializer()
            try serializer.serialize(ASN1Any(self.value))
            return "\(self.type)=#" + serializer.serializedBytes.map(Self.hexadecimal).joined()
        }
    }

    /// RFC 4514 section 2.4, and control characters as well, which may stand there either way.
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
