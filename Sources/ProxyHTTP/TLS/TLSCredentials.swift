import NIOCore
import NIOSSL
public import ProxyCore

/// What a listener shows of itself, and what it asks of its callers: a certificate chain with its private key, and the
/// authorities that callers' certificates must chain to.
///
/// Ready to be used: everything that can be wrong with it is found when it is made.
public struct TLSCredentials: Sendable {
    /// Whether callers show a certificate.
    public enum ClientCertificates: Sendable, Equatable {
        /// None is asked for.
        case off
        /// One that is shown must chain to an authority; nobody has to show one.
        case optional
        /// Without one that chains to an authority the handshake fails.
        case required
    }

    /// Why credentials cannot be used.
    public struct Fault: Error, Sendable, Equatable {
        /// What is wrong of them.
        public enum Part: Sendable, Equatable {
            /// The certificate chain.
            case certificate
            /// The private key.
            case privateKey
            /// The authorities of callers' certificates.
            case authorities
        }

        /// What is wrong.
        public var part: Part
        /// Why, in words that hold nothing of what was read.
        public var reason: String
    }

    /// The protocols that callers are offered, the preferred one first (ALPN, RFC 7301).
    static let applicationProtocols = ["h2", "http/1.1"]

    /// Whether callers show a certificate.
    public let clientCertificates: ClientCertificates
    /// The beginning of the time in which the listener's certificate is good.
    public let notBefore: WallTime
    /// The end of that time.
    public let notAfter: WallTime

    let context: NIOSSLContext
    private let chain: [NIOSSLCertificate]
    private let authorities: Set<NIOSSLCertificate>

    /// Reads credentials.
    ///
    /// - Parameters:
    ///   - certificate: The chain in PEM, the listener's own certificate first.
    ///   - privateKey: Its private key in PEM, not encrypted. The caller erases it.
    ///   - clientCertificates: Whether callers show a certificate.
    ///   - authorities: The certificates in PEM that callers' must chain to; empty where none is asked for.
    public init(
        certificate: [UInt8], privateKey: [UInt8], clientCertificates: ClientCertificates = .off,
        authorities: [UInt8] = []
    ) throws(Fault) {
        self.chain = try Self.certificates(certificate, as: .certificate)
        self.clientCertificates = clientCertificates
        self.authorities =
            clientCertificates == .off ? [] : Set(try Self.certificates(authorities, as: .authorities))
        let key = try Self.key(privateKey)
        let configuration = Self.configuration(
            chain: self.chain, key: key, clientCertificates: clientCertificates, authorities: self.authorities)
        do {
            self.context = try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            throw Fault(
                part: .privateKey, reason: "does not belong to the certificate, the first one where there are several")
        } catch {
            throw Fault(part: .certificate, reason: "cannot be used for TLS with the private key that is set")
        }
        // Not empty, which would have been a fault.
        self.notBefore = Self.time(self.chain.first?.notValidBefore)
        self.notAfter = Self.time(self.chain.first?.notValidAfter)
    }

    /// Whether both ask the same of callers: connections that came in under the one may go on under the other.
    func asksTheSame(as other: TLSCredentials) -> Bool {
        self.clientCertificates == other.clientCertificates && self.authorities == other.authorities
    }

    private static func certificates(_ bytes: [UInt8], as part: Fault.Part) throws(Fault) -> [NIOSSLCertificate] {
        guard !bytes.isEmpty else { throw Fault(part: part, reason: "is empty") }
        guard bytes.contains("-----BEGIN ".utf8) else {
            throw Fault(part: part, reason: "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")
        }
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw Fault(part: part, reason: "holds no certificate, or one that cannot be read")
        }
    }

    private static func key(_ bytes: [UInt8]) throws(Fault) -> NIOSSLPrivateKey {
        guard !bytes.isEmpty else { throw Fault(part: .privateKey, reason: "is empty") }
        guard !bytes.contains("ENCRYPTED".utf8) else {
            throw Fault(
                part: .privateKey,
                reason: "is encrypted, and nobody is there to type the passphrase: store the key without one, mode 0600"
            )
        }
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw Fault(part: .privateKey, reason: "holds no private key in PEM (-----BEGIN PRIVATE KEY-----)")
        }
    }

    private static func configuration(
        chain: [NIOSSLCertificate], key: NIOSSLPrivateKey, clientCertificates: ClientCertificates,
        authorities: Set<NIOSSLCertificate>
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // Of TLS 1.2 only what has forward secrecy and authenticated encryption (RFC 9325 section 4.2); those of TLS 1.3
        // all have.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        configuration.verifySignatureAlgorithms = [
            .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ed25519, .ecdsaSecp384R1Sha384,
            .rsaPssRsaeSha384, .rsaPkcs1Sha384, .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512,
        ]
        configuration.renegotiationSupport = .none
        configuration.applicationProtocols = Self.applicationProtocols
        configuration.shutdownTimeout = .seconds(2)
        configuration.trustRoots = .certificates(Array(authorities))
        configuration.sendCANameList = true
        configuration.certificateVerification =
            switch clientCertificates {
            case .off: .none
            case .optional: .optionalVerification
            // A caller has no host name that it could be held against.
            case .required: .noHostnameVerification
            }
        return configuration
    }

    private static func time(_ seconds: Int?) -> WallTime {
        WallTime(microseconds: 0) + .seconds(seconds ?? 0)
    }
}

extension TLSCredentials: Equatable {
    /// Whether both come from the same certificates and ask the same of callers; a private key belongs to its certificate.
    public static func == (left: TLSCredentials, right: TLSCredentials) -> Bool {
        left.chain == right.chain && left.asksTheSame(as: right)
    }
}

extension TLSCredentials {
    /// Whether the certificates that are shown differ.
    public func hasOtherCertificate(than other: TLSCredentials) -> Bool { self.chain != other.chain }

    /// Whether the authorities of callers' certificates differ.
    public func hasOtherAuthorities(than other: TLSCredentials) -> Bool { self.authorities != other.authorities }
}
