/// A share as a bar.
enum Bar {
    /// The cells of a bar that has a column of its own.
    static let usualCells = 16

    /// So much of the bar is full; what is less than everything never looks full, what is more than nothing never empty.
    ///
    /// Blocks where the terminal knows them, else `[###.............]`.
    static func of(_ share: Double, _ style: TextStyle, cells: Int = Self.usualCells) -> String {
        let share = min(max(share, 0), 1)
        var full = Int((share * Double(cells)).rounded())
        if share > 0 { full = max(full, 1) }
        if share < 1 { full = min(full, cells - 1) }
        let empty = cells - full
        return style.isUTF8
            ? String(repeating: "█", count: full) + String(repeating: "░", count: empty)
            : "[" + String(repeating: "#", count: full) + String(repeating: ".", count: empty) + "]"
    }
}
