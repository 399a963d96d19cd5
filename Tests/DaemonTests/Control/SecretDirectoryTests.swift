import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite("Secrets that were handed over (K-009, K-033, K-043)")
struct SecretDirectoryTests {
    private let alpha = KeyLabel("alpha")

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func text(_ secret: Secret) -> String { secret.withText { $0 } }

    @Test("a secret is stored for the daemon's user alone, and read back")
    func storesAndReads() async throws {
        let alpha = try #require(self.alpha)
        try await TemporaryDirectory.with { directory in
            let secrets = SecretDirectory(stateDirectory: directory.path(""))
            try secrets.write(Secret(bytes: Array("sk-first".utf8)), named: alpha)
            try secrets.write(Secret(bytes: Array("sk-second".utf8)), named: alpha)
            #expect(self.text(try secrets.read(alpha)) == "sk-second")
            #expect(try self.mode(secrets.path) == 0o700)
            #expect(try self.mode(secrets.path + "/alpha") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: secrets.path) == ["alpha"])
            try secrets.remove(alpha)
            try secrets.remove(alpha)
            #expect(throws: SecretDirectory.Failure.self) { try secrets.read(alpha) }
        }
    }

    @Test("what is stored is told by name, and nothing else that lies there")
    func tellsNames() async throws {
        let alpha = try #require(self.alpha)
        try await TemporaryDirectory.with { directory in
            let secrets = SecretDirectory(stateDirectory: directory.path(""))
            #expect(try secrets.labels().isEmpty)
            try secrets.write(Secret(bytes: Array("sk-first".utf8)), named: alpha)
            try directory.write("secrets/.new-1", "half")
            #expect(try secrets.labels() == [alpha])
        }
    }

    @Test("a link in the place of a secret is neither followed nor read, and is replaced by a file")
    func followsNoLink() async throws {
        let alpha = try #require(self.alpha)
        try await TemporaryDirectory.with { directory in
            try directory.write("elsewhere", "not a secret")
            _ = try directory.makeDirectory("secrets")
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("secrets/alpha"), withDestinationPath: directory.path("elsewhere"))
            let secrets = SecretDirectory(stateDirectory: directory.path(""))
            #expect(throws: SecretDirectory.Failure.self) { try secrets.read(alpha) }
            try secrets.write(Secret(bytes: Array("sk-third".utf8)), named: alpha)
            #expect(self.text(try secrets.read(alpha)) == "sk-third")
            #expect(try String(contentsOfFile: directory.path("elsewhere"), encoding: .utf8) == "not a secret")
        }
    }

    @Test("a secret that others can read is refused")
    func refusesLoosePermissions() async throws {
        let alpha = try #require(self.alpha)
        try await TemporaryDirectory.with { directory in
            let secrets = SecretDirectory(stateDirectory: directory.path(""))
            try secrets.write(Secret(bytes: Array("sk-open".utf8)), named: alpha)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o640], ofItemAtPath: secrets.path + "/alpha")
            #expect(throws: SecretDirectory.Failure.self) { try secrets.read(alpha) }
        }
    }

    @Test("what an interrupted write has left is removed at the start, a secret is not")
    func removesLeftovers() async throws {
        let alpha = try #require(self.alpha)
        try await TemporaryDirectory.with { directory in
            let secrets = SecretDirectory(stateDirectory: directory.path(""))
            try secrets.removeLeftovers()
            try secrets.write(Secret(bytes: Array("sk-kept".utf8)), named: alpha)
            try directory.write("secrets/.new-1234", "half a sec")
            try secrets.removeLeftovers()
            #expect(try FileManager.default.contentsOfDirectory(atPath: secrets.path) == ["alpha"])
        }
    }
}
