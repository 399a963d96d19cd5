internal import ProxyCore

/// The name of a copy in `backups/`: when it was made, the schema inside, and whether it is one of the regular ones.
///
/// `state-20260131T235959Z-schema3.sqlite` stays until a person removes it, `state-20260131T235959Z-schema3-daily.sqlite`
/// until there are enough newer ones.
struct BackupName: Sendable, Equatable {
    /// When it was made, in whole seconds.
    let time: WallTime
    /// The version of the schema inside.
    let version: Int
    /// Tells apart what was made within a second, from 1 on.
    let number: Int
    /// Whether it gives way to newer ones.
    let isRegular: Bool

    init(time: WallTime, version: Int, number: Int, isRegular: Bool) {
        self.time = time
        self.version = version
        self.number = number
        self.isRegular = isRegular
    }

    /// Reads a name; `nil` if it is none.
    init?(_ text: String) {
        guard text.hasPrefix("state-"), text.hasSuffix(".sqlite") else { return nil }
        var parts = text.dropFirst(6).dropLast(7).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 2, let time = UTCStamp.time(String(parts.removeFirst())),
            parts[0].hasPrefix("schema"), let version = Int(parts.removeFirst().dropFirst(6)), version > 0
        else { return nil }
        let isRegular = parts.first == "daily"
        if isRegular { parts.removeFirst() }
        var number = 1
        if let last = parts.popLast() {
            guard let value = Int(last), value > 1 else { return nil }
            number = value
        }
        guard parts.isEmpty else { return nil }
        self.init(time: time, version: version, number: number, isRegular: isRegular)
        // The one spelling that this program uses.
        guard self.text == text else { return nil }
    }

    /// The name.
    var text: String {
        "state-\(UTCStamp(self.time).text)-schema\(self.version)\(self.isRegular ? "-daily" : "")"
            + (self.number > 1 ? "-\(self.number)" : "") + ".sqlite"
    }

    /// Which of these give way beyond so many: regular ones, the oldest first, but never the one that was just made.
    ///
    /// Those from after it go before all others: a clock that was wrong made them.
    static func surplus(of names: [BackupName], keeping count: Int, besides newest: BackupName) -> [BackupName] {
        let regular = names.filter { $0.isRegular && $0 != newest }
            .sorted { ($0.time, $0.number) > ($1.time, $1.number) }
        let kept = regular.filter { $0.time <= newest.time } + regular.filter { $0.time > newest.time }
        return Array(kept.dropFirst(max(0, count - 1)))
    }
}
