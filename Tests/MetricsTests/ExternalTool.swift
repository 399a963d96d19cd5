import Foundation
import Testing

/// A program of the distribution or of the tests' Python environment that judges an exposition.
struct ExternalTool {
    /// What the program said and how it ended.
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Prometheus's own checker: on `PATH`, else where `make setup` puts it.
    static var promtool: ExternalTool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let own = Self.root.appending(path: ".tools/bin/promtool").path(percentEncoded: false)
        let places = path.split(separator: ":").map { "\($0)/promtool" } + [own]
        return ExternalTool(path: places.first { FileManager.default.isExecutableFile(atPath: $0) } ?? own)
    }

    /// The interpreter with `prometheus_client`: `KMI_TEST_PYTHON`, else the package's `.venv-test`.
    static var python: ExternalTool {
        let path = ProcessInfo.processInfo.environment["KMI_TEST_PYTHON"]
        let own = Self.root.appending(path: ".venv-test/bin/python").path(percentEncoded: false)
        return ExternalTool(path: path ?? own)
    }

    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let path: String

    /// Runs the program with a text as its standard input.
    func run(_ arguments: [String], input: String) throws -> Result {
        let isThere = FileManager.default.isExecutableFile(atPath: self.path)
        try #require(isThere, "\(self.path) is missing; `make setup` installs it")
        let folder = FileManager.default.temporaryDirectory.appending(path: "kmi-metrics-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) }
        }
        let files = ["input", "output", "errors"].map { folder.appending(path: $0) }
        try Data(input.utf8).write(to: files[0])
        for file in files.dropFirst() { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: self.path)
        process.arguments = arguments
        // Files and not pipes: nobody has to read while the program writes.
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOf: files[1], encoding: .utf8),
            errors: try String(contentsOf: files[2], encoding: .utf8)
        )
    }
}
