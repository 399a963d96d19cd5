/// A share as a bar.
enum Bar {
    private static let cells = 16

    /// So much of the bar is full; what is less than everything never looks full, what is more than nothing never empty.
    ///
    /// Blocks where the terminal knows them, else `[###.............]`.
    static func of(_ share: Double, _ style: TextStyle) -> String {
        let share = min(max(share, 0), 1)
        var full = Int((share * Double(Self.cells)).rounded())
        if share > 0 { full = max(full, 1) }
        if share < 1 { full = min(full, Self.cells - 1) }
        let empty = Self.cells - full
        return style.isUTF8
            ? String(repeating: "█", count: full) + String(repeating: "░", count: empty)
            : "[" + String(repeating: "#", count: full) + String(repeating: ".", count: empty) + "]"
    }
}
