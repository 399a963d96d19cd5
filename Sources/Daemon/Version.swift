import CBuildInfo
import CurlClient
import ProxyCore

/// What is running.
enum Version {
    /// The version of the daemon.
    static let text = "0.1.0"

    /// The commit that was built, `-dirty` behind it if files were changed; empty where the build was not told.
    static let commit = String(cString: kmi_build_commit())

    /// When it was built, in microseconds since the epoch; 0 where the build was not told.
    static let builtAt = UInt64(clamping: kmi_build_time()) &* 1_000_000

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

    /// What `kmid version` prints: `kmid 0.1.0 (commit 0123…, built 2026-01-31T12:00:00Z, Swift 6.3, libcurl …)`, as far as
    /// the build was told.
    static var line: String {
        let time = WallTime(microseconds: Int64(clamping: Self.builtAt)).rfc3339
        let build = [Self.commit.isEmpty ? "" : "commit \(Self.commit)", Self.builtAt == 0 ? "" : "built \(time)"]
        let parts = build.filter { !$0.isEmpty } + ["Swift \(Self.swift)", Self.libcurl]
        return "kmid \(Self.text) (\(parts.joined(separator: ", ")))"
    }

    /// The versions of libcurl and its TLS library.
    static var libcurl: String { CurlClient.version }
}
