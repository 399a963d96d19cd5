import DBusControl
import TestSupport

@testable import kmictl

extension SecretText {
    /// The bytes of a text.
    convenience init(_ text: String) { self.init(bytes: Array(text.utf8)) }
}

/// Imports in a directory of their own, with an environment of their own.
struct ImportFixture {
    let directory: TemporaryDirectory
    let daemon: FakeDaemon
    var variables: [String: String]

    /// Makes a home directory, hands everything to `body`, and removes it.
    static func with(_ body: (ImportFixture) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let daemon = FakeDaemon()
            daemon.with { state in
                state.keys = []
                state.providers = []
            }
            try await body(
                ImportFixture(
                    directory: directory, daemon: daemon, variables: ["HOME": try directory.makeDirectory("home")]))
        }
    }

    /// Runs `kmictl` with these words; `answer` is what a person types.
    func run(
        _ words: String..., terminal: Terminal = .none, answer: String = "", variables: [String: String] = [:]
    ) async throws -> RunResult {
        try await self.run(words, terminal: terminal, answer: answer, variables: variables)
    }

    /// Runs `kmictl` with a list of words.
    func run(
        _ words: [String], terminal: Terminal = .none, answer: String = "", variables: [String: String] = [:]
    ) async throws -> RunResult {
        let output = RecordedOutput()
        let pipe = try FilledPipe(answer)
        defer { pipe.close() }
        let environment = self.variables.merging(variables) { $1 }
        let surroundings = Surroundings(
            terminal: terminal, input: pipe.reading, output: output, now: { Samples.now },
            variable: { environment[$0] }, zone: .hoursEast(0),
            connect: { [daemon] (_, _) async throws(ControlClientError) in daemon })
        let status = await CommandRun(surroundings: surroundings).run(words)
        return RunResult(status: status, output: output.standardOutput, errors: output.standardError)
    }

    /// The keys that the daemon was given, in order.
    var added: [String] { self.daemon.asked.filter { $0.hasPrefix("add ") || $0.hasPrefix("provider ") } }
}

/// What a file is read as, in one line for each finding.
func readings(
    _ name: String, _ text: String, isClient: Bool = false, takesAll: Bool = false, variables: [String: String] = [:]
) -> [String] {
    let file = KeyFile(path: "/x/" + name, isNamed: true, isClientConfiguration: isClient)
    do throws(KeyFileError) {
        return try file.read(SecretText(text), takesAll: takesAll, variable: { variables[$0] }).map { finding in
            switch finding {
            case .passed(let reason, let advice): "passed: \(reason)" + (advice.isEmpty ? "" : " -> \(advice)")
            case .key(let key):
                "key \(key.label) \(key.secret.plain) \(key.kind) \(key.base) \(key.priority) \(key.isEnabled)"
                    + " \(key.account ?? "-")" + key.remarks.map { " [\($0)]" }.joined()
            }
        }
    } catch {
        return ["error: \(error.text)"]
    }
}
