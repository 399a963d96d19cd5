import Foundation

/// Programs of the distribution that tests use and `make setup` installs.
public enum Tools {
    /// The path of a program on `PATH`, `nil` if there is none.
    public static func path(of name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether the long forms of tests run (`make soak` sets `KMI_SOAK=1`).
    public static var isSoak: Bool { ProcessInfo.processInfo.environment["KMI_SOAK"] == "1" }
}
