import DBusControl

/// What is told of a window of a plan; nothing is said of what is not known (X-060).
struct WindowText {
    let window: KeyStatus.Window

    /// The name of the window that holds what is left to spend.
    private static let balance = "balance"

    /// The share that is used, at least 0; `nil` where it is unknown, and for a balance, which is a share of nothing.
    var share: Double? {
        let window = self.window
        guard window.name != Self.balance, window.used.isFinite, window.limit.isFinite, window.limit > 0 else {
            return nil
        }
        return max(0, window.used / window.limit)
    }

    /// Less than a fifth of it is left.
    var isLow: Bool { self.share.map { $0 > 0.8 } ?? false }

    /// `12 of 100`; empty for a window that is told as a ratio, and where a part is unknown.
    var amount: String {
        guard self.share != nil, self.window.limit != 1 else { return "" }
        return "\(Self.number(self.window.used)) of \(Self.number(self.window.limit))"
    }

    /// `12 of 100 used (12 %)`, `12 % used`, `12.5 left`, `12 used`, `unknown`.
    var sentence: String {
        if let share = self.share {
            let percent = "\(Self.percent(share)) %"
            return self.amount.isEmpty ? "\(percent) used" : "\(self.amount) used (\(percent))"
        }
        if self.window.name == Self.balance {
            return self.window.limit.isFinite ? "\(Self.number(self.window.limit)) left" : "unknown"
        }
        return self.window.used.isFinite && self.window.used > 0 ? "\(Self.number(self.window.used)) used" : "unknown"
    }

    /// `██░░░░░░░░░░░░░░   12 %`, with a `!` behind it where little is left, or the sentence where there is no share.
    func bar(_ style: TextStyle) -> Table.Cell {
        guard let share = self.share else { return Table.Cell(self.sentence, self.isSpent ? .bad : nil) }
        let percent = Self.percent(share)
        let blanks = String(repeating: " ", count: max(1, 5 - percent.count))
        return Table.Cell(
            "\(Bar.of(share, style))\(blanks)\(percent) %\(self.isLow ? " !" : "")",
            share >= 1 ? .bad : self.isLow ? .resting : nil)
    }

    private var isSpent: Bool { self.window.name == Self.balance && self.window.limit <= 0 }

    /// Whole percent; less than everything is never told as 100, and more than nothing never as 0.
    static func percent(_ share: Double) -> String {
        let rounded = min((share * 100).rounded(), 9999)
        if share < 1, rounded >= 100 { return "99" }
        if share > 0, rounded < 1 { return "1" }
        return Self.number(rounded)
    }

    /// A figure without `.0`, its thousands parted.
    private static func number(_ value: Double) -> String {
        if let count = UInt64(exactly: value) { return CountText.exact(count) }
        return Int64(exactly: value).map { String($0) } ?? "\(value)"
    }
}
