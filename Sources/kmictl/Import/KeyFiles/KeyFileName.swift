/// What the name of a key file says: how it is read, and what its key is called.
struct KeyFileName: Equatable {
    /// The ways to read a file.
    enum Format: Equatable {
        /// `NAME=VALUE` lines.
        case environment
        case toml
        case json
    }

    /// How it is read.
    let format: Format
    /// Whether it is a copy that somebody has put aside.
    let isBackup: Bool
    /// The name without suffixes, and without `config` behind a separator; empty if nothing is left.
    let stem: String

    /// The suffixes, for messages.
    static let expected = "expected a name that ends in .env, .toml, .json or .bak"

    /// Reads the last component of a path; `nil` if it has none of the suffixes, for instance because it is `.env` alone.
    init?(_ name: String) {
        guard let (stem, suffix) = Self.split(name) else { return nil }
        switch suffix {
        case "env": (self.format, self.isBackup) = (.environment, false)
        case "toml": (self.format, self.isBackup) = (.toml, false)
        case "json": (self.format, self.isBackup) = (.json, false)
        case "bak": (self.format, self.isBackup) = (.json, true)
        default: return nil
        }
        var inner = stem
        if self.isBackup, let (name, suffix) = Self.split(stem), ["json", "toml", "env"].contains(suffix) {
            inner = name
        }
        self.stem = self.format == .environment ? inner : Self.withoutConfig(inner)
    }

    /// The stem and the suffix in lower case; `nil` where nothing stands in front of the last dot, or behind it.
    private static func split(_ name: String) -> (stem: String, suffix: String)? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
    }

    /// `alpha_config` as `alpha`; `Reconfig` and `config` stay.
    private static func withoutConfig(_ stem: String) -> String {
        for suffix in ["_config", "-config"] where stem.lowercased().hasSuffix(suffix) {
            return String(stem.dropLast(suffix.count))
        }
        return stem
    }
}
