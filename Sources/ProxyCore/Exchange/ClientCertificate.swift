/// What a caller's certificate says of it; the certificate has been verified against `server.tls.client_ca`.
public struct ClientCertificate: Sendable, Hashable {
    /// The whole subject in the form of RFC 4514, such as `CN=build,O=Example`.
    public var subject: String
    /// The common name of the subject; `nil` without exactly one.
    public var commonName: String?
    /// The names of the extension for alternative names, such as `DNS:build.example`, `URI:spiffe://example/build` or
    /// `email:build@example.com`.
    public var alternativeNames: [String]
    /// The last second in which it is good.
    public var notAfter: WallTime

    /// Describes a certificate.
    public init(subject: String, commonName: String?, alternativeNames: [String] = [], notAfter: WallTime) {
        self.subject = subject
        self.commonName = commonName
        self.alternativeNames = alternativeNames
        self.notAfter = notAfter
    }

    /// Whether it is not good any more at a time.
    public func hasEnded(at now: WallTime) -> Bool { self.notAfter < now }
}
