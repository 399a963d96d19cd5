import TestSupport
import Testing

@testable import kmictl

struct ShellDialectTests {
    private static let texts = [
        "", "plain", "two words", "it's", "''", "a\\", "\\'", "$HOME `id` $(id) ${x}", "\"quoted\"", "!bang", "~", "*",
        "line\nbreak", "tab\t", "ünï 漢字 🚀", "-n", "a;b|c&d<e>f#g", "\u{1B}]8;;x\u{07}", "\\n\\\\", "%s",
    ]

    @Test(
        "every shell reads a quoted text as that text",
        .timeLimit(.minutes(5)),
        arguments: [
            ("sh", ShellDialect.posix), ("dash", .posix), ("bash", .posix), ("zsh", .posix), ("ksh", .posix),
            ("busybox", .posix), ("fish", .fish),
        ])
    func quotes(shell: String, dialect: ShellDialect) async throws {
        guard let program = Tools.path(of: shell) else { return }
        let start =
            switch shell {
            case "busybox": ["sh", "-c"]
            case "zsh": ["-f", "-c"]
            case "fish": ["--no-config", "-c"]
            default: ["-c"]
            }
        try await TemporaryDirectory.with { home in
            for text in Self.texts {
                // In front of it and behind it what the shell would take for its own.
                let script = dialect.set("VALUE", to: text) + "\nprintenv VALUE; printf '%s' end\n"
                let result = try await FinishedProcess.run(
                    program, arguments: start + [script],
                    environment: ["HOME": home.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
                #expect(result.isSuccess, "\(result.standardError)")
                #expect(result.standardOutput == text + "\nend")
            }
        }
    }

    @Test("fish loses no variable that it keeps for ever", .timeLimit(.minutes(5)))
    func sparesUniversalVariables() async throws {
        guard let fish = Tools.path(of: "fish") else { return }
        let proxy = try ProxyAddress(listeners: ["http://127.0.0.1:7878"])
        let environment = ProxyEnvironment(proxy: proxy, kimi: KimiRoute(), token: "kmi_t0ken") { _ in nil }
        let statements = ShellDialect.fish.statements(environment)
        try await TemporaryDirectory.with { home in
            func run(_ script: String, key: String? = nil) async throws -> String {
                var variables = ["HOME": home.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
                variables["ANTHROPIC_API_KEY"] = key
                return try await FinishedProcess.run(fish, arguments: ["-c", script], environment: variables)
                    .standardOutput
            }
            let show = "\nprintenv ANTHROPIC_API_KEY; printenv OPENAI_API_KEY"
            #expect(try await run(statements + show) == "kmi_t0ken")
            #expect(try await run(statements + show, key: "sk-real") == "kmi_t0ken", "an inherited key goes")
            _ = try await run("set -Ux ANTHROPIC_API_KEY sk-real")
            #expect(try await run(statements + show) == "kmi_t0ken\nkmi_t0ken", "a key of the shell is hidden")
            #expect(try await run("printenv ANTHROPIC_API_KEY") == "sk-real", "and not lost")
        }
    }
}
