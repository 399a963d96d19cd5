import Foundation

/// A certificate authority for tests, made by the program `openssl`, with the certificates that it gives out.
///
/// Everything lies as PEM in a directory: `ca.pem`, and `NAME.pem` with `NAME.key` (mode 0600) for each certificate.
public struct OpenSSLAuthority: Sendable {
    /// What a certificate is good for.
    public enum Usage: String, Sendable {
        /// A server's.
        case server = "serverAuth"
        /// A caller's.
        case client = "clientAuth"
    }

    private let directory: TemporaryDirectory
    private let name: String

    /// Makes an authority whose certificate is `NAME.pem` of a directory.
    public init(in directory: TemporaryDirectory, name: String = "ca") async throws {
        self.directory = directory
        self.name = name
        try directory.write("openssl.cnf", "[req]\ndistinguished_name = dn\n[dn]\n")
        try await self.run(
            [
                "-subj", "/CN=\(name)", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
                "keyUsage=keyCertSign",
            ],
            as: name)
    }

    /// The path of the authority's certificate.
    public var path: String { self.directory.path(self.name + ".pem") }

    /// Makes `NAME.pem` and `NAME.key`, each put in its place whole.
    public func issue(
        _ name: String, subject: String = "/CN=localhost", names: String = "DNS:localhost,IP:127.0.0.1",
        usage: Usage = .server
    ) async throws {
        try await self.run(
            [
                "-subj", subject, "-CA", self.path, "-CAkey", self.directory.path(self.name + ".key"),
                "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=\(usage.rawValue)",
                "-addext", "subjectAltName=\(names)",
            ], as: name)
    }

    private func run(_ arguments: [String], as name: String) async throws {
        guard let openssl = Tools.path(of: "openssl") else { throw TestFailure("there is no openssl") }
        let (certificate, key) = (self.directory.path("new.pem"), self.directory.path("new.key"))
        let result = try await FinishedProcess.run(
            openssl,
            arguments: [
                "req", "-config", self.directory.path("openssl.cnf"), "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-keyout", key, "-out", certificate,
            ] + arguments,
            environment: ["PATH": "/usr/bin:/bin"])
        guard result.isSuccess else { throw TestFailure("openssl: \(result.standardError)") }
        for (from, to) in [(key, name + ".key"), (certificate, name + ".pem")] {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: from)
            guard rename(from, self.directory.path(to)) == 0 else { throw TestFailure("cannot rename \(from)") }
        }
    }
}
