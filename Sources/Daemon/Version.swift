import CurlClient

/// What is running.
enum Version {
    /// The version of the daemon.
    static let text = "0.1.0"

    /// The commit that was built, where the build was told.
    static let commit = "unknown"

    /// The compiler's version that the daemon was built with.
    static var swift: String {
        #if compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// What `kmid version` prints.
    static var line: String { "kmid \(Self.text) (Swift \(Self.swift), \(Self.libcurl))" }

    /// The versions of libcurl and its TLS library.
    static var libcurl: String { CurlClient.version }
}
