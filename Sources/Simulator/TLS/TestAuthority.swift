import Crypto
import Foundation
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority for tests with one certificate for each TLS listener, good ones and bad ones.
struct TestAuthority: Sendable {
    /// A certificate and its key, in files.
    struct Identity: Sendable {
        /// Name of the listener.
        let name: String
        /// File with the certificate.
        let certificateFile: String
        /// File with the private key.
        let keyFile: String

        /// The settings of a TLS listener with this certificate: HTTP/1.1 only.
        func context() throws -> NIOSSLContext {
            let chain = try NIOSSLCertificate.fromPEMFile(self.certificateFile).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: self.keyFile, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(key)
            )
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        }
    }

    /// File with the certificate of the authority.
    let authorityFile: String
    /// One identity for each listener.
    let identities: [Identity]

    private static let day: TimeInterval = 86400

    /// Makes a new authority and writes its files into `directory`, which is made if need be.
    static func create(in directory: String) throws -> TestAuthority {
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let now = Date()
        let year = now.addingTimeInterval(365 * Self.day)
        let yesterday = now.addingTimeInterval(-Self.day)
        let authority = try Issued.authority(from: yesterday, until: year)
        let own = ["localhost"]
        let issued: [(String, Issued)] = [
            ("good", try .leaf(own, addresses: true, from: yesterday, until: year, by: authority)),
            (
                "expired",
                try .leaf(
                    own, addresses: true, from: now.addingTimeInterval(-30 * Self.day), until: yesterday, by: authority)
            ),
            ("wrong-host", try .leaf(["other.example"], addresses: false, from: yesterday, until: year, by: authority)),
            ("self-signed", try .leaf(own, addresses: true, from: yesterday, until: year, by: nil)),
        ]
        let authorityFile = directory + "/ca.pem"
        try Self.write(try authority.certificate.serializeAsPEM().pemString, to: authorityFile, mode: 0o644)
        let identities = try issued.map { name, issued in
            let identity = Identity(
                name: name,
                certificateFile: "\(directory)/\(name).pem",
                keyFile: "\(directory)/\(name).key"
            )
            try Self.write(
                try issued.certificate.serializeAsPEM().pemString,
                to: identity.certificateFile,
                mode: 0o644
            )
            try Self.write(issued.key.pemRepresentation, to: identity.keyFile, mode: 0o600)
            return identity
        }
        return TestAuthority(authorityFile: authorityFile, identities: identities)
    }

    /// Writes a new file that has its mode from the moment of its creation; an older one gives way.
    private static func write(_ text: String, to path: String, mode: mode_t) throws {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "cannot create \(path)") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }
}

/// A certificate with its private key.
private struct Issued {
    let certificate: Certificate
    let key: P256.Signing.PrivateKey

    static func authority(from start: Date, until end: Date) throws -> Issued {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("Simulator test authority") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(key.publicKey),
            notValidBefore: start,
            notValidAfter: end,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            },
            issuerPrivateKey: .init(key)
        )
        return Issued(certificate: certificate, key: key)
    }

    /// A certificate of a server; `issuer` is `nil` for one that signs itself.
    static func leaf(
        _ names: [String],
        addresses: Bool,
        from start: Date,
        until end: Date,
        by issuer: Issued?
    ) throws -> Issued {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { CommonName(names[0]) }
        var alternatives = names.map { GeneralName.dnsName($0) }
        if addresses {
            alternatives.append(.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])))
            alternatives.append(
                .ipAddress(ASN1OctetString(contentBytes: ArraySlice([UInt8](repeating: 0, count: 15) + [1]))))
        }
        let signer = issuer?.key ?? key
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(key.publicKey),
            notValidBefore: start,
            notValidAfter: end,
            issuer: issuer?.certificate.subject ?? subject,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(alternatives)
                SubjectKeyIdentifier(hash: .init(key.publicKey))
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: .init(signer.publicKey)).keyIdentifier
                )
            },
            issuerPrivateKey: .init(signer)
        )
        return Issued(certificate: certificate, key: key)
    }
}
