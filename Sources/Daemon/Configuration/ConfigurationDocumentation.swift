import ProxyCore

/// The tables of `docs/configuration.md`, made from the schema so that a key exists once (K-012).
enum ConfigurationDocumentation {
    /// All tables as Markdown, between the two markers of the page.
    static var tables: String {
        var text = ""
        var settings = ConfigurationSchema.document.settings[...]
        while let first = settings.first {
            let table = Self.table(of: first.name)
            let rows = settings.prefix { Self.table(of: $0.name) == table }
            settings = settings.dropFirst(rows.count)
            text += Self.section("[\(table)]", Array(rows), hasVariables: true)
        }
        text += Self.section("[[client]]", ConfigurationSchema.client.settings)
        text += Self.section("[[provider]]", ConfigurationSchema.provider.settings)
        text += Self.section("[[provider.rule]]", ConfigurationSchema.rule.settings)
        text += Self.section("[[key]]", ConfigurationSchema.key.settings)
        text += Self.section("[[model]]", ConfigurationSchema.model.settings)
        text += Self.section("targets of a [[model]]", ConfigurationSchema.target.settings)
        text += Self.section("[prices.override.\"MODEL\"]", ConfigurationSchema.price.settings)
        return text
    }

    private static func table(of name: String) -> Substring {
        name.lastIndex(of: ".").map { name[..<$0] } ?? ""
    }

    private static func section<Root>(_ title: String, _ settings: [Setting<Root>], hasVariables: Bool = false)
        -> String
    {
        var text = "\n### `\(title)`\n\n"
        text +=
            hasVariables
            ? "| key | meaning | form | default | change | variable |\n|---|---|---|---|---|---|\n"
            : "| key | meaning | form | default | change |\n|---|---|---|---|---|\n"
        for setting in settings {
            let key = setting.name.split(separator: ".").last ?? ""
            let preset = setting.defaultText.map { $0.isEmpty ? "none" : "`\($0)`" } ?? "required"
            var cells = ["`\(key)`", setting.summary, setting.expected, preset, setting.support.word]
            if hasVariables { cells.append("`\(setting.environmentName)`") }
            text +=
                "| " + cells.map { $0.split(separator: "|").joined(separator: "\\|") }.joined(separator: " | ") + " |\n"
        }
        return text
    }
}
