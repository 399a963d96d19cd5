import DBusControl
import Foundation
import TestSupport
import Testing

@testable import kmictl

/// The JSON of every command in every state, held against the schemas that are shipped (X-061, L-008).
@Suite(.timeLimit(.minutes(5)))
struct SchemaTests {
    private static let folder = URL(filePath: BuildProducts.packageRoot).appending(path: "schemas/v1")

    @Test(
        "every document is as its schema says, and the schemas let no other through (X-061, L-008)",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes .venv-test"))
    func documentsAreAsTheirSchemasSay() async throws {
        try await TemporaryDirectory.with { (directory) async throws in
            var documents = Documents(folder: URL(filePath: directory.path).appending(path: "documents"))
            for line in SnapshotCase.all {
                for (_, fill) in SnapshotTests.pools { try await documents.add(line, fill) }
                for error in Self.connecting { try await documents.add(line, FullPool.fill, connection: error) }
                for error in Self.calling { try await documents.add(line, { $0.failure = error }) }
            }
            try await documents.addFollowing()
            try await documents.addImports()
            let result = try await PythonEnvironment.run(
                "schema_check.py", arguments: [Self.folder.path(percentEncoded: false), documents.folder.path])
            #expect(result.isSuccess, "\(result.standardOutput)\n\(result.standardError)")
        }
    }

    @Test("every document has a schema, and every schema a document and a place in the documentation (K-012)")
    func schemasAreComplete() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path(percentEncoded: false))
        let schemas = Set(files.map { String($0.dropLast(".json".count)) })
        let used = Set(SnapshotCase.all.compactMap(\.schema) + ["error", "common"])
        #expect(schemas == used)
        let page = try String(contentsOfFile: "\(BuildProducts.packageRoot)/docs/json.md", encoding: .utf8)
        for name in schemas { #expect(page.contains("`\(name).json`"), "docs/json.md does not tell of \(name).json") }
    }

    /// What connecting ends with.
    private static let connecting = [
        ControlClientError(.unreachable, "cannot reach org.kmi.Proxy1"), ControlClientError(.accessDenied, "no"),
    ]

    /// What calls end with.
    private static let calling = [
        ControlClientError(.timedOut, "late"), ControlClientError(.invalidConfig, "kmi.toml:1: a: b\nkmi.toml:2: c: d"),
        ControlClientError(.protocolError, FullPool.hostile),
    ]
}

/// Documents on their way to the validator: a folder for each schema, a file for each document.
private struct Documents {
    let folder: URL
    private var count = 0

    init(folder: URL) { self.folder = folder }

    /// Runs a command and keeps its document, that of an error if it failed.
    mutating func add(
        _ line: SnapshotCase, _ fill: @Sendable (inout FakeDaemon.State) -> Void, connection: ControlClientError? = nil
    ) async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            fill(&state)
            line.change(&state)
        }
        let result = try await kmictl(
            words: line.words + ["--json"], daemon: daemon, input: line.input, connection: connection)
        #expect(result.lines.count == 1, "\(line) prints more or less than one document")
        // A reload of which something was rejected fails, and tells what in its own document.
        let isError = result.output.hasPrefix(#"{"error":"#)
        #expect(isError ? result.status != .success : line.schema != nil, "\(line)")
        try self.write(result.output, isError ? "error" : line.schema ?? "none", line.name)
    }

    mutating func addFollowing() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            FullPool.fill(&state)
            SnapshotCase.following.change(&state)
        }
        let result = try await kmictl(words: SnapshotCase.following.words + ["--json"], daemon: daemon)
        #expect(result.lines.count == FullPool.count)
        for line in result.lines { try self.write(line, SnapshotCase.following.schema ?? "none", "following") }
    }

    /// Imports of files, which no line of the snapshots has.
    mutating func addImports() async throws {
        var outputs: [String] = []
        try await ImportFixture.with { fixture in
            let file = try fixture.directory.write(
                "a.env",
                "KMI_API_KEY=sk-0123456789abcdef\nEMAIL=me@example.com\nKMI_UPSTREAM_BASE_URL=https://x.example")
            try fixture.directory.write("b.json", "{}")
            outputs.append(try await fixture.run("import", fixture.directory.path, "--dry-run", "--json").output)
            outputs.append(try await fixture.run("import", file, "--json").output)
            fixture.daemon.with { $0.refusedKeys["a"] = ControlClientError(.notAllowed, "no") }
            outputs.append(try await fixture.run("import", file, "--json").output)
        }
        for output in outputs { try self.write(output, "import", "import") }
    }

    private mutating func write(_ text: String, _ schema: String, _ name: String) throws {
        self.count += 1
        let place = self.folder.appending(path: schema)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try text.write(to: place.appending(path: "\(name)-\(self.count).json"), atomically: true, encoding: .utf8)
    }
}
