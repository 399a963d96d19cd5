import Foundation
import ProxyCore
import Testing

@testable import Daemon

/// Those that the loader reads itself; the Secret Service, which can be locked as well, has suites of its own.
@Suite("Every source of secrets: there, absent, denied (T-025)")
struct SecretSourceTests {
    /// What a source is like in one case.
    struct Case: Sendable, CustomTestStringConvertible {
        let reference: String
        /// What is made beforehand.
        let prepare: @Sendable (ConfigurationFixture) throws -> [String: String]
        /// A part of what is said; `nil` if the secret is loaded.
        let refusal: String?

        var testDescription: String { "\(self.reference): \(self.refusal ?? "there")" }
    }

    private static let secret = "sk-source-0123456789"

    private static let cases = [
        Case(
            reference: "file:a.key",
            prepare: {
                try $0.write("a.key", Self.secret, mode: 0o600)
                return [:]
            }, refusal: nil),
        Case(reference: "file:a.key", prepare: { _ in [:] }, refusal: "No such file"),
        Case(
            reference: "file:a.key",
            prepare: {
                try $0.write("a.key", Self.secret, mode: 0o640)
                return [:]
            },
            refusal: "chmod 600"),
        Case(
            reference: "credential:a",
            prepare: {
                try $0.write("c/a", Self.secret)
                return ["CREDENTIALS_DIRECTORY": $0.directory + "/c"]
            },
            refusal: nil),
        Case(reference: "credential:a", prepare: { _ in [:] }, refusal: "LoadCredential"),
        Case(
            reference: "credential:a", prepare: { ["CREDENTIALS_DIRECTORY": $0.directory] }, refusal: "No such file"),
        Case(
            reference: "credential:a",
            prepare: {
                try $0.write("a/b", Self.secret)
                return ["CREDENTIALS_DIRECTORY": $0.directory]
            },
            refusal: "the file"),
        Case(reference: "env:SECRET", prepare: { _ in ["SECRET": Self.secret] }, refusal: nil),
        Case(reference: "env:SECRET", prepare: { _ in [:] }, refusal: "is not set"),
        Case(reference: "env:SECRET", prepare: { _ in ["SECRET": ""] }, refusal: "is empty"),
        Case(
            reference: "store:alpha",
            prepare: {
                try SecretDirectory(stateDirectory: $0.directory).write(
                    Secret(Self.secret), named: try #require(KeyLabel("alpha")))
                return [:]
            }, refusal: nil),
        Case(reference: "store:alpha", prepare: { _ in [:] }, refusal: "No such file"),
        Case(
            reference: "store:alpha",
            prepare: {
                try $0.write("secrets/alpha", Self.secret, mode: 0o644)
                return [:]
            }, refusal: "mode 0600"),
        Case(reference: "secret-service:label=alpha", prepare: { _ in [:] }, refusal: "by the running daemon only"),
    ]

    @Test("is loaded, or refused with its place and what to do, and never repeated", arguments: Self.cases)
    func source(_ example: Case) throws {
        try ConfigurationFixture.with { fixture in
            let environment = try example.prepare(fixture)
            let loader = SecretLoader(
                directory: fixture.directory, environment: environment,
                store: SecretDirectory(stateDirectory: fixture.directory))
            do throws(ConfigurationValueError) {
                let secret = try loader.load(
                    try SecretReference(parsing: example.reference), maximum: SecretLoader.largest)
                #expect(example.refusal == nil)
                #expect(secret == Secret(Self.secret))
            } catch {
                #expect(example.refusal.map { error.reason.contains($0) } == true, "\(error.reason)")
                #expect(!error.reason.contains("sk-"))
            }
        }
    }
}
