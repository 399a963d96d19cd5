import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite("Certificates of the configuration (T-007, L-006)", .timeLimit(.minutes(5)))
struct CertificateLoaderTests {
    /// A directory with a configuration and certificates.
    private struct Place {
        let directory: TemporaryDirectory
        let authority: OpenSSLAuthority
        var environment: [String: String] = [:]

        static func with(_ body: (inout Place) async throws -> Void) async throws {
            try await TemporaryDirectory.with { directory in
                let authority = try await OpenSSLAuthority(in: directory)
                try await authority.issue("server")
                var place = Place(directory: directory, authority: authority)
                try await body(&place)
            }
        }

        func load(
            _ tls: String = "certificate = \"server.pem\"\nprivate_key = \"server.key\"\n", after days: Int = 1
        ) throws -> Result<LoadedConfiguration, ConfigurationProblems> {
            try self.directory.write("kmi.toml", "[server.tls]\n" + tls)
            let loader = ConfigurationLoader(
                configPath: self.directory.path("kmi.toml"), environment: self.environment,
                systemDirectory: self.directory.path("etc"))
            let now = WallTime(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
            return loader.load(now: now + .seconds(days * 86_400))
        }

        func problems(_ tls: String = "certificate = \"server.pem\"\nprivate_key = \"server.key\"\n") throws -> [String]
        {
            guard case .failure(let failure) = try self.load(tls) else { return [] }
            return failure.problems.map { $0.description.replacing(self.directory.path + "/", with: "") }
        }
    }

    @Test("a pair beside the configuration, by its whole path and as a credential is read")
    func reads() async throws {
        try await Place.with { place in
            #expect(try place.load().get().tls != nil)
            let path = place.directory.path
            let whole = "certificate = \"\(path)/server.pem\"\nprivate_key = \"\(path)/server.key\"\n"
            #expect(try place.load(whole).get().tls != nil)
            place.environment = ["CREDENTIALS_DIRECTORY": path]
            let credentials = "certificate = \"credential:server.pem\"\nprivate_key = \"credential:server.key\"\n"
            // systemd's own way of giving access shows as a group bit.
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o440], ofItemAtPath: path + "/server.key")
            let loaded = try place.load(credentials).get()
            #expect(loaded.tls != nil)
            #expect(loaded.followed.map(\.path) == [path + "/server.pem", path + "/server.key"])
            place.environment = ["KMI_SERVER_TLS_CERTIFICATE": "server.pem", "KMI_SERVER_TLS_PRIVATE_KEY": path + "/k"]
            #expect(try place.problems("")[0].contains("\"server.pem\" is relative"))
        }
    }

    @Test("a key that others can read is refused, with what to run", arguments: [0o640, 0o604, 0o610, 0o666])
    func permissions(mode: Int) async throws {
        try await Place.with { place in
            let path = place.directory.path("server.key")
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let lines = try place.problems()
            #expect(lines.count == 1)
            #expect(lines[0].hasPrefix("kmi.toml:3: server.tls.private_key: the file server.key is open to others"))
            #expect(lines[0].contains("run: chmod 600 server.key"))
            // A certificate is no secret.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: place.directory.path("server.pem"))
            #expect(try place.problems().isEmpty)
        }
    }

    @Test("what cannot be used is named by its setting, and nothing of a key is told")
    func problems() async throws {
        try await Place.with { place in
            try await place.authority.issue("other")
            func lines(_ certificate: String, _ key: String, _ more: String = "") throws -> [String] {
                try place.problems("certificate = \"\(certificate)\"\nprivate_key = \"\(key)\"\n" + more)
            }
            let mismatch = try lines("server.pem", "other.key")
            #expect(mismatch.count == 1)
            #expect(mismatch[0].contains("server.tls.private_key") && mismatch[0].contains("does not belong"))
            #expect(try lines("none.pem", "none.key").map { $0.contains("No such file") } == [true, true])
            #expect(try lines("server.key", "server.key")[0].contains("2: server.tls.certificate"))
            #expect(try lines("server.pem", "server.pem")[0].contains("3: server.tls.private_key"))
            #expect(try lines("server.pem", "credential:x")[0].contains("needs $CREDENTIALS_DIRECTORY"))
            #expect(try lines("server.pem", "credential:../x")[0].contains("names no credential"))
            let clients = "client_auth = \"required\"\nclient_ca = "
            #expect(try lines("server.pem", "server.key", clients + "\"ca.pem\"\n").isEmpty)
            #expect(
                try lines("server.pem", "server.key", clients + "\"none\"\n")[0].contains("5: server.tls.client_ca"))
            let wrong = try lines("server.pem", "server.key", clients + "\"server.key\"\n")
            #expect(wrong[0].contains("server.tls.client_ca") && wrong[0].contains("holds no certificate"))
            let secret = try String(contentsOfFile: place.directory.path("server.key"), encoding: .utf8)
                .split(separator: "\n")[1]
            for line in mismatch + wrong { #expect(!line.contains(secret.prefix(10))) }
        }
    }

    @Test("a certificate that callers would refuse is a warning and no problem")
    func times() async throws {
        try await Place.with { place in
            #expect(try place.load().get().warnings.allSatisfy { $0.origin.key != "server.tls.certificate" })
            for days in [-2, 40] {
                let warnings = try place.load(after: days).get().warnings
                let warning = try #require(warnings.first { $0.origin.key == "server.tls.certificate" })
                #expect(warning.message.contains(days < 0 ? "begins at" : "expired at"))
            }
        }
    }

    @Test("a renewed certificate is a change, and turning TLS on or off takes a restart (T-014)")
    func differences() async throws {
        try await Place.with { place in
            let first = try place.load().get()
            #expect(first.followed.allSatisfy { !$0.hasChanged })
            try await place.authority.issue("server")
            #expect(!first.followed.contains { !$0.hasChanged })
            let second = try place.load().get()
            func outcomes(_ old: LoadedConfiguration, _ new: LoadedConfiguration) -> [String] {
                ConfigurationDifference(from: old, to: new).changes.map { "\($0.key) \($0.outcome.rawValue)" }
            }
            #expect(outcomes(first, second) == ["server.tls.certificate applied"])
            #expect(outcomes(second, second).isEmpty)
            let none = try place.load("").get()
            #expect(
                outcomes(none, second) == [
                    "server.tls.certificate restart_required", "server.tls.private_key restart_required",
                ])
            let off = ConfigurationDifference(from: second, to: none)
            #expect(off.keepsTLS)
            #expect(off.changes.allSatisfy { $0.outcome == .restartRequired })
            #expect(off.effective.server.tls == second.configuration.server.tls)
            let clients = try place.load(
                "certificate = \"server.pem\"\nprivate_key = \"server.key\"\nclient_ca = \"ca.pem\"\n"
                    + "client_auth = \"required\"\nclient_subjects = [\"CN=a\"]\n"
            ).get()
            #expect(
                outcomes(second, clients) == [
                    "server.tls.client_auth applied", "server.tls.client_ca applied",
                    "server.tls.client_subjects applied",
                ])
        }
    }

    @Test("a certificate is worth a word fourteen days before its end")
    func findings() {
        let day: Int64 = 86_400_000_000
        func code(_ today: Int64) -> String? {
            CertificateDiagnosis.finding(
                notBefore: WallTime(microseconds: 10 * day), notAfter: WallTime(microseconds: 100 * day),
                now: WallTime(microseconds: today * day))?.code
        }
        #expect(code(9) == "certificate_not_yet_valid")
        #expect(code(10) == nil)
        #expect(code(85) == nil)
        #expect(code(86) == "certificate_expires")
        #expect(code(100) == "certificate_expires")
        #expect(code(101) == "certificate_expired")
        #expect(CertificateDiagnosis.row(nil, now: WallTime(microseconds: 0)) == nil)
    }
}
