import Foundation

/// A second user (65534, `nobody`), as whom programs can be run where the tests run as root.
public enum OtherUser {
    /// The user's number.
    public static let id: UInt32 = 65534

    /// Whether programs can be run as that user.
    public static var isAvailable: Bool { geteuid() == 0 && Tools.path(of: "setpriv") != nil }

    /// Runs a program as that user to its end.
    public static func run(
        _ executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> FinishedProcess {
        guard let setpriv = Tools.path(of: "setpriv") else { throw TestFailure("there is no setpriv") }
        return try await FinishedProcess.run(
            setpriv,
            arguments: ["--reuid=\(self.id)", "--regid=\(self.id)", "--clear-groups", "--", executable] + arguments,
            environment: environment, within: limit)
    }
}

extension OtherUser {
    /// Runs a script of `Tests/SDK` as that user, with modules of the tests' environment that consist of Python alone.
    ///
    /// Both are copied to where the other user can read them.
    public static func python(
        _ script: String, arguments: [String], modules: [String]
    ) async throws -> FinishedProcess {
        try await TemporaryDirectory.with { directory in
            let files = FileManager.default
            let library =
                ((PythonEnvironment.interpreter as NSString).deletingLastPathComponent as NSString)
                .deletingLastPathComponent + "/lib"
            guard let version = try files.contentsOfDirectory(atPath: library).first(where: { $0.hasPrefix("python") })
            else { throw TestFailure("there is no Python in \(library)") }
            for module in modules {
                try files.copyItem(
                    atPath: "\(library)/\(version)/site-packages/\(module)", toPath: directory.path(module))
            }
            try files.copyItem(
                atPath: BuildProducts.packageRoot + "/Tests/SDK/" + script, toPath: directory.path(script))
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
            return try await self.run(
                "/usr/bin/python3", arguments: [directory.path(script)] + arguments,
                environment: ["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"])
        }
    }
}
