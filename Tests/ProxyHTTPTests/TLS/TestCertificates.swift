import Crypto
import Foundation
import NIOSSL
import ProxyCore
import SwiftASN1
import X509

@testable import ProxyHTTP

/// A certificate with its private key.
struct TestCertificate {
    let certificate: Certificate
    let key: P256.Signing.PrivateKey

    /// An authority of its own.
    static func authority(_ name: String = "Test authority") throws -> TestCertificate {
        let subject = try DistinguishedName { CommonName(name) }
        return try Self.make(subject, by: nil, days: 365) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true))
        }
    }

    /// A certificate of a server on the loopback address.
    func server(_ name: String = "localhost", days: Double = 30, from: Double = -1) throws -> TestCertificate {
        let subject = try DistinguishedName { CommonName(name) }
        return try Self.make(subject, by: self, days: days, from: from) {
            Critical(BasicConstraints.notCertificateAuthority)
            try ExtendedKeyUsage([.serverAuth])
            SubjectAlternativeNames([
                .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
            ])
        }
    }

    /// A certificate of a caller.
    func client(_ subject: DistinguishedName, names: [GeneralName] = [], days: Double = 30) throws -> TestCertificate {
        try Self.make(subject, by: self, days: days, from: min(-1, days - 1)) {
            Critical(BasicConstraints.notCertificateAuthority)
            try ExtendedKeyUsage([.clientAuth])
            if !names.isEmpty { SubjectAlternativeNames(names) }
        }
    }

    func client(_ name: String, days: Double = 30) throws -> TestCertificate {
        try self.client(DistinguishedName { CommonName(name) }, days: days)
    }

    private static func make(
        _ subject: DistinguishedName, by issuer: TestCertificate?, days: Double, from: Double = -1,
        @ExtensionsBuilder _ extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> TestCertificate {
        let key = P256.Signing.PrivateKey()
        let day: TimeInterval = 86_400
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date().addingTimeInterval(from * day),
            notValidAfter: Date().addingTimeInterval(days * day),
            issuer: issuer?.certificate.subject ?? subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions(builder: extensions),
            issuerPrivateKey: .init(issuer?.key ?? key))
        return TestCertificate(certificate: certificate, key: key)
    }

    /// The certificate in PEM.
    var pem: [UInt8] {
        get throws { Array(try self.certificate.serializeAsPEM().pemString.utf8) }
    }

    /// The last second in which the certificate is good, as the TLS library reads it.
    var end: WallTime {
        get throws { WallTime(microseconds: Int64(try self.nio.notValidAfter) * 1_000_000) }
    }

    /// The key in PEM.
    var keyPEM: [UInt8] { Array(self.key.pemRepresentation.utf8) }

    /// Credentials of a listener that shows this certificate.
    func credentials(
        _ clients: TLSCredentials.ClientCertificates = .off, authorities: [TestCertificate] = []
    ) throws -> TLSCredentials {
        try TLSCredentials(
            certificate: try self.pem, privateKey: self.keyPEM, clientCertificates: clients,
            authorities: try authorities.flatMap { try $0.pem })
    }

    /// What NIO takes for a certificate.
    var nio: NIOSSLCertificate {
        get throws { try NIOSSLCertificate(bytes: try self.pem, format: .pem) }
    }
}

extension TLSConfiguration {
    /// A caller that trusts an authority, and shows a certificate.
    static func caller(
        trusting authority: TestCertificate, showing own: TestCertificate? = nil, maximum: TLSVersion? = nil
    ) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([try authority.nio])
        configuration.maximumTLSVersion = maximum
        if let own {
            configuration.certificateChain = [.certificate(try own.nio)]
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: own.keyPEM, format: .pem))
        }
        return configuration
    }
}
