import ProxyCore
import Testing

@testable import Daemon

/// What every key has to keep, made from the schema (T-027).
struct SettingTests {
    /// A key of any table, with what the tests need to know of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var samples: FormSamples
        /// The document that sets the key to a text of TOML.
        var document: @Sendable (String) -> String
        var testDescription: String { self.name }
    }

    static let documentCases: [Case] = ConfigurationSchema.document.settings.map { setting in
        let parts = setting.name.split(separator: ".").map(String.init)
        let table = parts.dropLast().joined(separator: ".")
        let key = parts.last ?? ""
        return Case(name: setting.name, samples: setting.samples) { "[\(table)]\n\(key) = \($0)\n" }
    }

    static let listCases: [Case] =
        Self.cases(
            "client", ConfigurationSchema.client, ["name": #""c""#, "token": #""env:T""#], header: "[[client]]")
        + Self.cases(
            "provider", ConfigurationSchema.provider,
            ["name": #""p""#, "kind": #""compatible""#, "base_url": #""https://a.example/v1""#], header: "[[provider]]")
        + Self.cases(
            "provider.rule", ConfigurationSchema.rule, ["class": #""provider_billing""#, "status": "402"],
            header: "[[provider]]\nname = \"p\"\nkind = \"kimi\"\n[[provider.rule]]")
        + Self.cases(
            "key", ConfigurationSchema.key,
            ["label": #""k""#, "provider": #""kimi""#, "secret": #""env:S""#], header: "[[key]]")
        + Self.cases(
            "model", ConfigurationSchema.model, ["name": #""m""#],
            header: "[[model]]\ntargets = [ { provider = \"kimi\", model = \"x\" } ]")
        + Self.cases(
            "target", ConfigurationSchema.target, ["provider": #""kimi""#, "model": #""x""#],
            header: "[[model]]\nname = \"m\"\n[[model.targets]]")
        + Self.cases("price", ConfigurationSchema.price, [:], header: "[prices.override.\"a/b:c.d\"]")

    private static func cases<Draft>(
        _ table: String,
        _ schema: TableSchema<Draft>,
        _ required: [String: String],
        header: String
    ) -> [Case] {
        schema.settings.map { setting in
            let others = required.filter { $0.key != setting.name }.sorted { $0.key < $1.key }
                .map { "\($0.key) = \($0.value)\n" }.joined()
            let name = setting.name
            return Case(name: "\(table).\(name)", samples: setting.samples) {
                "\(header)\n\(others)\(name) = \($0)\n"
            }
        }
    }

    /// The problem lines of a document that are about the form of the key.
    private func formProblems(_ document: String, key: String) throws -> [String] {
        try problems(document).filter { $0.contains("\(key): ") }
    }

    @Test("takes what it should (T-027)", arguments: Self.documentCases + Self.listCases)
    func accepts(_ testCase: Case) throws {
        #expect(!testCase.samples.accepted.isEmpty)
        let key = String(testCase.name.split(separator: ".").last ?? "")
        for sample in testCase.samples.accepted {
            // Contradictions with other keys and what is not in force yet are the subject of other tests.
            let lines = try self.formProblems(testCase.document(sample), key: key)
                .filter { $0.contains("expected") || $0.contains("unknown key") || $0.contains("must be") }
                .filter { !$0.contains("has no known address") }
            #expect(lines.isEmpty, "\(testCase.name) = \(sample)")
        }
    }

    @Test(
        "refuses wrong types and values out of bounds, naming line and key (T-027, K-016)",
        arguments: Self.documentCases + Self.listCases)
    func refuses(_ testCase: Case) throws {
        #expect(testCase.samples.refused.count >= 3)
        let key = String(testCase.name.split(separator: ".").last ?? "")
        for sample in testCase.samples.refused {
            let document = testCase.document(sample)
            let line = document.split(separator: "\n", omittingEmptySubsequences: false).count - 1
            let lines = try problems(document)
            #expect(
                lines.contains { $0.hasPrefix("kmi.toml:\(line): ") && $0.contains("\(key): ") },
                "\(testCase.name) = \(sample): \(lines)")
        }
    }

    @Test("names what was meant when a key is misspelled (T-027)", arguments: Self.documentCases + Self.listCases)
    func suggests(_ testCase: Case) throws {
        let key = String(testCase.name.split(separator: ".").last ?? "")
        let misspelled = key + "x"
        let good = testCase.document(testCase.samples.accepted[0])
        let bad = good.replacingOccurrences(ofLastLineKey: key, with: misspelled)
        let lines = try problems(bad).filter { $0.contains("unknown key") }
        let line = bad.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("kmi.toml:\(line): ") == true)
        // Of two keys that are equally near the first in the alphabet is named.
        #expect(lines.first?.contains("did you mean") == true, "\(lines)")
    }

    @Test(
        "can be set by its variable, which wins over the file (T-027, X-048)",
        arguments: ConfigurationSchema.document.settings.map(\.name))
    func isSetByItsVariable(_ name: String) throws {
        let setting = try #require(ConfigurationSchema.document.setting(name))
        var wins = false
        for sample in setting.samples.accepted {
            let text = Self.environmentText(sample)
            var reader = ConfigurationReader()
            let document = try #require(Self.documentCases.first { $0.name == name }).document(
                setting.defaultText ?? "")
            reader.read(try ConfigurationDocument(source: "kmi.toml", bytes: Array(document.utf8)))
            ConfigurationEnvironment.read([setting.environmentName: text], into: &reader)
            #expect(reader.problems.isEmpty, "\(setting.environmentName)=\(text): \(reader.problems)")
            #expect(reader.origins[name]?.source == "environment")
            if !setting.isEqual(reader.configuration, Configuration()) { wins = true }
        }
        #expect(wins, "no sample of \(name) differs from the default")
    }

    @Test(
        "refuses a variable out of form by its name, without its value (T-027)",
        arguments: ConfigurationSchema.document.settings.map(\.name))
    func refusesBadVariables(_ name: String) throws {
        let setting = try #require(ConfigurationSchema.document.setting(name))
        guard setting.shape != .text || setting.samples.refused.contains("\"\"") else { return }
        let bad = "\u{7}\u{1}no such value"
        var reader = ConfigurationReader()
        ConfigurationEnvironment.read([setting.environmentName: bad], into: &reader)
        #expect(reader.problems.count == 1)
        #expect(reader.problems.first?.origin.key == setting.environmentName)
        #expect(reader.problems.first?.message.contains("no such value") == false)
    }

    @Test("no two keys share a variable") func variablesAreUnique() {
        let names = ConfigurationSchema.document.settings.map(\.environmentName)
        #expect(Set(names).count == names.count)
        #expect(names.contains("KMI_SERVER_LISTEN") && names.contains("KMI_SERVER_TLS_CERTIFICATE"))
    }

    /// A sample of TOML as it would stand in a variable.
    private static func environmentText(_ sample: String) -> String {
        var text = sample
        if text.hasPrefix("[") { text = String(text.dropFirst().dropLast()) }
        return text.split(separator: ", ").map { part in
            part.hasPrefix("\"") ? String(part.dropFirst().dropLast()) : String(part)
        }.joined(separator: ", ")
    }
}

extension String {
    /// The text with the key of its last line replaced.
    fileprivate func replacingOccurrences(ofLastLineKey key: String, with other: String) -> String {
        var lines = self.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let index = lines.lastIndex(where: { $0.hasPrefix("\(key) = ") }) else { return self }
        lines[index] = other + lines[index].dropFirst(key.count)
        return lines.joined(separator: "\n")
    }
}
