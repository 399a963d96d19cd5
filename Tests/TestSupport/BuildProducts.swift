import Foundation

/// Where the programs lie that were built together with the tests.
public enum BuildProducts {
    /// The absolute path of a built program such as `kmid`.
    ///
    /// Looked for in `KMI_TEST_BIN_DIR`, where the package was installed (`KMI_TEST_INSTALLED_DIR`), beside the test bundle, and
    /// in `.build/debug`. The simulator is in no package.
    public static func path(of name: String) throws -> String {
        var places: [String] = []
        for variable in ["KMI_TEST_BIN_DIR", "KMI_TEST_INSTALLED_DIR"] {
            if let directory = ProcessInfo.processInfo.environment[variable] { places.append(directory) }
        }
        if let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            places.append((bundle as NSString).deletingLastPathComponent)
        }
        if let argument = CommandLine.arguments.first {
            places.append((argument as NSString).deletingLastPathComponent)
        }
        places.append(Self.packageRoot + "/.build/debug")
        for place in places where FileManager.default.isExecutableFile(atPath: place + "/" + name) {
            return place + "/" + name
        }
        throw TestFailure("\(name) is not built: none in \(places.joined(separator: ", ")) (swift build --build-tests)")
    }

    /// The folder of `Package.swift`.
    public static var packageRoot: String {
        URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .path(percentEncoded: false)
            .trimmingSuffix("/")
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        self.hasSuffix(suffix) ? String(self.dropLast(suffix.count)) : self
    }
}
