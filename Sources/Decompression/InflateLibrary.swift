import CZlib

/// The library that decompresses.
public enum InflateLibrary {
    /// The version of zlib that is in use, such as `1.2.13`.
    public static var version: String { zlibVersion().map { String(cString: $0) } ?? "unknown" }
}
