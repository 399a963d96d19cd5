import DBusControl

/// Draws a live view: as many lines as the screen has, each exactly as wide as it is.
///
/// A function of its values alone: no terminal, no clock.
struct TopScreen {
    let model: TopModel
    /// How text looks; its width and time are the model's.
    let style: TextStyle

    /// From so many lines on there is room for what is not needed.
    private static let roomyRows = 16
    /// The lines around what is read: the state of the daemon, the title, and the keys.
    private static let linesAroundDetail = 3

    init(model: TopModel, style: TextStyle) {
        self.model = model
        var style = style
        style.width = model.size.columns
        style.now = model.shown.now
        self.style = style
    }

    /// The lines that what is read has room for.
    static func roomOfDetail(_ model: TopModel) -> Int { max(1, model.size.rows - Self.linesAroundDetail) }

    /// The lines.
    var lines: [String] {
        let size = self.model.size
        let lines = size.isEnough ? self.model.view == .tables ? self.tables : self.detail : self.apology
        return lines.prefix(size.rows).map { TopLine.fitted($0, to: size.columns, self.style) }
    }

    var isRoomy: Bool { self.model.size.rows >= Self.roomyRows }

    private var tables: [String] {
        let top = self.header + self.warnings + self.figures
        let room = self.model.size.rows - top.count - 1
        return top + self.filled(self.body(room), to: room) + [self.foot]
    }

    private var detail: [String] {
        let detail = TopDetail(model: self.model)
        let room = Self.roomOfDetail(self.model)
        let lines = detail.lines(self.style).dropFirst(self.model.scrolled).prefix(room)
        return Array(self.header.prefix(1)) + [self.rule(detail.title)] + self.filled(Array(lines), to: room)
            + [self.foot]
    }

    private var apology: [String] {
        let size = self.model.size
        let least = TopSize.least
        let text = "The terminal has \(size.columns)x\(size.rows) cells; \(least.columns)x\(least.rows) are needed."
        return self.filled(FieldList.wrapped(text, to: size.columns), to: size.rows)
    }

    /// Where there is nobody to ask and nothing is known, that alone is said; else the tables.
    private func body(_ room: Int) -> [String] {
        guard self.model.shown.manager != nil else {
            return Array(repeating: "", count: max(0, room / 2 - 1)) + [self.presence.text + "."]
        }
        return TopTables(model: self.model, style: self.style).lines(room, hasRules: self.isRoomy, rule: self.rule)
    }

    /// A line with a title in it.
    func rule(_ title: String) -> String {
        let sign = self.style.isUTF8 ? "─" : "-"
        let width = self.model.size.columns
        let head = "\(sign)\(sign) \(SafeText.line(title)) "
        let rest = String(repeating: sign, count: max(0, width - DisplayWidth.of(head)))
        return TopLine.painted(head + rest, .strong, to: width, self.style)
    }

    private func filled(_ lines: [String], to count: Int) -> [String] {
        Array(lines.prefix(max(0, count))) + Array(repeating: "", count: max(0, count - lines.count))
    }
}
