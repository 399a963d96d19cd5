import Foundation
import ProxyCore
import Testing

@testable import Daemon

struct CheckConfigurationTests {
    /// What is usable, and a reason for a warning.
    private static let onePin =
        "[[provider]]\nname = \"p\"\nkind = \"compatible\"\nbase_url = \"https://api.example.org/v1\"\n"
        + "pins = [\"sha256//\(String(repeating: "A", count: 43))=\"]\n"

    private func check(_ toml: String) throws -> (text: String, status: Int32) {
        try ConfigurationFixture.with(toml) { fixture in
            fixture.environment = ["A": "sk-a"]
            var text = ""
            let status = CheckConfiguration.run(fixture.loader, now: ConfigurationFixture.now) { text += $0 }
            return (text.replacingOccurrences(of: fixture.directory + "/", with: ""), status)
        }
    }

    @Test func goodIsZero() throws {
        let (text, status) = try self.check(ConfigurationProblemTests.key)
        #expect(status == 0)
        #expect(text == "configuration is good: 1 key, 1 provider, 0 clients, 0 warnings (kmi.toml)\n")
    }

    @Test func warningsAreShownAndGood() throws {
        let (text, status) = try self.check(Self.onePin)
        #expect(status == 0)
        #expect(
            text == """
                kmi.toml:5: provider[0].pins: warning: has one pin only: once the provider changes its key, nothing can be sent to it; add the pin of a backup
                configuration is good: 0 keys, 1 provider, 0 clients, 1 warning (kmi.toml)

                """)
    }

    @Test("problems are shown and 78 (K-016)") func problemsAreSeventyEight() throws {
        let (text, status) = try self.check("[limits]\nrps = -1\nqueu = 1\n" + Self.onePin)
        #expect(status == 78)
        #expect(
            text == """
                kmi.toml:2: limits.rps: expected a whole number from 0 to 1000000000; found -1
                kmi.toml:3: limits.queu: unknown key; did you mean "queue"?
                kmi.toml:8: provider[0].pins: warning: has one pin only: once the provider changes its key, nothing can be sent to it; add the pin of a backup
                configuration is not usable: 2 problems, 1 warning

                """)
    }
}
