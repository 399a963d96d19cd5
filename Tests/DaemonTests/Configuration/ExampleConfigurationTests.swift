import Foundation
import Testing

@testable import Daemon

/// The examples that are shipped (T-008).
struct ExampleConfigurationTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "examples")

    @Test("every shipped example loads and is valid (T-008)") func examplesAreValid() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "toml" }
        #expect(files.contains { $0.lastPathComponent == "kmi.toml" })
        for file in files {
            let found = try problems(try String(contentsOf: file, encoding: .utf8))
            #expect(found.isEmpty, "\(file.lastPathComponent)")
        }
    }
}
