import CBuildInfo

/// What this program is.
enum VersionText {
    /// The version, the same as the daemon's of the same source.
    static let number = "0.1.0"

    /// The commit that was built, `-dirty` behind it if files were changed; empty where the build was not told.
    static let commit = String(cString: kmi_build_commit())

    /// When it was built, in microseconds since the epoch; 0 where the build was not told.
    static let builtAt = UInt64(clamping: kmi_build_time()) &* 1_000_000

    /// What `--version` prints.
    static var line: String { "kmictl \(Self.number)" }
}
