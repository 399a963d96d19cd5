/// What this program is.
enum VersionText {
    /// The version, the same as the daemon's of the same source.
    static let number = "0.1.0"

    /// The commit that was built, where the build was told.
    static let commit = "unknown"

    /// What `--version` prints.
    static var line: String { "kmictl \(Self.number)" }
}
