import DBusControl
import DBusKit
import Foundation
import TestSupport
import Testing

/// The example of `docs/dbus.md`, run as it stands there.
@Suite(.timeLimit(.minutes(5)))
struct DocumentationTests {
    @Test(.enabled(if: Self.hasLibrary, "the Python environment of the tests has no jeepney"))
    func theExampleInPythonWorks() async throws {
        let page = try String(contentsOfFile: "\(BuildProducts.packageRoot)/docs/dbus.md", encoding: .utf8)
        let begin = try #require(page.range(of: "```python\n"))
        let end = try #require(page.range(of: "```", range: begin.upperBound..<page.endIndex))
        try await ControlStage.with { stage in
            guard case .address(let address) = stage.address else { return }
            try await TemporaryDirectory.with { directory in
                try directory.write("alpha.key", "sk-planted\n")
                let script = try directory.write("example.py", String(page[begin.upperBound..<end.lowerBound]))
                let result = try await FinishedProcess.run(
                    PythonEnvironment.interpreter, arguments: [script],
                    environment: ["DBUS_SESSION_BUS_ADDRESS": address, "HOME": directory.path],
                    directory: directory.path)
                #expect(result.isSuccess, "\(result.standardError)")
                #expect(
                    result.standardOutput == "/org/kmi/Proxy1/key/alpha\n9 bytes for /org/kmi/Proxy1/client/ci")
            }
            #expect(stage.plane.asked == ["add alpha of kimi", "create ci"])
            #expect(stage.plane.with { $0.secret } == "sk-planted")
            #expect(stage.plane.with { $0.keyOptions?.weight } == 2)
            #expect(stage.plane.with { $0.clientOptions?.models } == ["kimi-for-coding"])
        }
    }

    /// Whether the interpreter of the tests finds jeepney beside it.
    private static var hasLibrary: Bool {
        let environment = URL(filePath: PythonEnvironment.interpreter).deletingLastPathComponent()
            .deletingLastPathComponent()
        let libraries = FileManager.default.enumerator(
            at: environment.appending(path: "lib"), includingPropertiesForKeys: nil,
            options: [.skipsSubdirectoryDescendants])
        return libraries?.contains { library in
            guard let library = library as? URL else { return false }
            return FileManager.default.fileExists(
                atPath: library.appending(path: "site-packages/jeepney").path(percentEncoded: false))
        } ?? false
    }
}
