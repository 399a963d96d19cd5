import Foundation

/// The virtual environment that `make setup` fills from `Tests/SDK/requirements.txt`.
public enum PythonEnvironment {
    /// The path of its interpreter: `KMI_TEST_PYTHON`, else `.venv-test/bin/python` of the package.
    public static var interpreter: String {
        ProcessInfo.processInfo.environment["KMI_TEST_PYTHON"]
            ?? BuildProducts.packageRoot + "/.venv-test/bin/python"
    }

    /// Whether there is one.
    public static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: self.interpreter) }

    /// Runs a script of `Tests/SDK` with a home directory of its own and returns what it printed.
    ///
    /// `modules` is a folder of the environment whose modules come first, such as `openai-1`.
    ///
    /// - Throws: `TestFailure` when there is no environment (`make setup` makes it) or when the time is over.
    public static func run(
        _ script: String,
        arguments: [String] = [],
        modules: String? = nil,
        within limit: Duration = .seconds(120)
    ) async throws -> FinishedProcess {
        guard self.isAvailable else {
            throw TestFailure("there is no \(self.interpreter): `make setup` makes it")
        }
        return try await TemporaryDirectory.with { home in
            var environment = [
                "HOME": home.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONUNBUFFERED": "1", "NO_PROXY": "*",
            ]
            if let modules {
                let environmentFolder = ((self.interpreter as NSString).deletingLastPathComponent as NSString)
                    .deletingLastPathComponent
                environment["PYTHONPATH"] = environmentFolder + "/" + modules
            }
            return try await FinishedProcess.run(
                self.interpreter,
                arguments: [BuildProducts.packageRoot + "/Tests/SDK/" + script] + arguments,
                environment: environment,
                within: limit
            )
        }
    }
}
