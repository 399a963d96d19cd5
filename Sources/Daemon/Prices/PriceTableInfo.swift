import ProxyCore

/// Which price table is in force.
struct PriceTableInfo: Sendable, Equatable {
    /// Where a table is from, the one that wins first.
    enum Origin: Sendable, Equatable {
        /// Imported at run time.
        case imported
        /// The file of the configuration, with its path.
        case file(String)
        /// Part of the program.
        case embedded

        /// The word of the control interface.
        var word: String {
            switch self {
            case .imported: "imported"
            case .file: "file"
            case .embedded: "embedded"
            }
        }
    }

    /// Where it is from.
    var origin: Origin
    /// What is kept with every cost: the day, or `undated`, and the beginning of the hash.
    var version: String
    /// The day from which its prices hold, such as `2026-11-05`; `nil` if it does not say.
    var effective: String?
    /// The SHA-256 of its bytes in hexadecimal digits.
    var sha256: String
    /// How many models have a price.
    var models: Int
    /// When its prices were right for certain: the day that it names, else when its file was written; `nil` if neither is
    /// known.
    var knownAt: WallTime?

    /// After how many days a table is old.
    static let oldAfterDays = 180

    /// Tells of a table.
    init(_ table: PriceTable, origin: Origin, writtenAt: WallTime?) {
        self.origin = origin
        self.version = table.version
        self.effective = table.effective
        self.sha256 = table.sha256
        self.models = table.count
        self.knownAt = table.effectiveAt ?? writtenAt
    }

    /// How many days old the prices are; `nil` if that is not known.
    func ageInDays(at now: WallTime) -> Int? {
        self.knownAt.map { max(0, Int((now.microseconds - $0.microseconds) / 86_400_000_000)) }
    }
}

/// Something about the prices that a person should know.
struct PriceWarning: Sendable, Equatable {
    /// What kind of thing.
    enum Kind: String, Sendable, CaseIterable {
        /// A table cannot be used, and another one is.
        case unusable = "prices_unusable"
        /// A table is in place, but perhaps not yet on the disk.
        case unsynced = "prices_unsynced"
        /// The table is old.
        case old = "prices_old"
    }

    /// What kind of thing, by the names of log events.
    var kind: Kind
    /// What is wrong and what to do about it.
    var message: String
}
