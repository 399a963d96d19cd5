import DBusControl

/// The windows of a key's plan in one field, the fullest ones first.
struct TopWindows {
    let windows: [KeyStatus.Window]

    /// `5h ██████░░  75 %`, as many of them as a screen of this width has room for.
    func cell(_ style: TextStyle) -> Table.Cell {
        let width = style.width ?? TextStyle.usualWidth
        let limit = width < 110 ? 1 : width < 150 ? 2 : 4
        let cells = width < 110 ? 6 : 8
        // What is not known is no share of a plan that could be watched.
        let known = self.windows.map { (window: $0, text: WindowText(window: $0)) }
            .filter { $0.text.share != nil || $0.text.sentence != "unknown" }
        let sorted = known.enumerated().sorted { left, right in
            let (first, second) = (left.element.text.share ?? -1, right.element.text.share ?? -1)
            return first == second ? left.offset < right.offset : first > second
        }
        .map(\.element)
        let parts = sorted.prefix(limit).map { Self.text($0.window, $0.text, cells, style) }
        let worst = sorted.compactMap(\.text.share).max() ?? 0
        let isLow = sorted.contains(where: \.text.isLow)
        return Table.Cell(parts.joined(separator: "  "), worst >= 1 ? .bad : isLow ? .resting : nil)
    }

    private static func text(
        _ window: KeyStatus.Window, _ text: WindowText, _ cells: Int, _ style: TextStyle
    ) -> String {
        guard let share = text.share else { return "\(window.name) \(text.sentence)" }
        let percent = WindowText.percent(share)
        let blanks = String(repeating: " ", count: max(1, 4 - percent.count))
        return "\(window.name) \(Bar.of(share, style, cells: cells))\(blanks)\(percent) %"
    }
}
