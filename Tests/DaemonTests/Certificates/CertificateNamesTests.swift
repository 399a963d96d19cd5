import Crypto
import Foundation
import ProxyCore
import SwiftASN1
import Testing
import X509

@testable import Daemon

@Suite("What callers' certificates say (L-006)")
struct CertificateNamesTests {
    @Test("the names of a certificate are told as RFC 4514 writes them")
    func names() throws {
        let subject = try DistinguishedName([
            RelativeDistinguishedName(.init(type: .RDNAttributeType.countryName, printableString: "CH")),
            RelativeDistinguishedName(
                .init(type: .RDNAttributeType.organizationName, utf8String: #" Example, "A+B"; <1>\#u{7} "#)),
            RelativeDistinguishedName(.init(type: [0, 9, 2342, 19_200_300, 100, 1, 1], utf8String: "#1")),
            RelativeDistinguishedName(.init(type: [1, 2, 3, 4], utf8String: "x")),
            RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: "Zoë")),
        ])
        let certificate = try Self.certificate(
            subject,
            names: [
                .dnsName("build.example"), .uniformResourceIdentifier("spiffe://example/build"),
                .rfc822Name("build@example.com"), .ipAddress(ASN1OctetString(contentBytes: [1, 2, 3, 4])),
            ])
        let read = try ClientCertificate(derEncoded: certificate)
        #expect(
            read.subject
                == ##"CN=Zoë,1.2.3.4=#0C0178,UID=\#1,O=\ Example\, \"A\+B\"\; \<1\>\07\ ,C=CH"##)
        #expect(read.commonName == "Zoë")
        #expect(
            read.alternativeNames
                == ["DNS:build.example", "URI:spiffe://example/build", "email:build@example.com"])
    }

    @Test("two common names are none")
    func twoNames() throws {
        let subject = try DistinguishedName {
            CommonName("admin")
            CommonName("guest")
        }
        let certificate = try Self.certificate(subject)
        let read = try ClientCertificate(derEncoded: certificate)
        #expect(read.commonName == nil)
        #expect(read.subject == "CN=guest,CN=admin")
    }

    /// A certificate with these names, in DER.
    private static func certificate(_ subject: DistinguishedName, names: [GeneralName] = []) throws -> [UInt8] {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: .now - 60,
            notValidAfter: .now + 3_600, issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions { if !names.isEmpty { SubjectAlternativeNames(names) } },
            issuerPrivateKey: key)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
