/// How many cells a screen has.
struct TopSize: Equatable, Sendable {
    /// What is drawn on at least.
    static let least = TopSize(columns: 40, rows: 10)
    /// What is drawn at most, so that no terminal that lies makes frames without bound.
    static let most = TopSize(columns: 500, rows: 200)
    /// What a terminal has that does not say.
    static let usual = TopSize(columns: 80, rows: 24)

    /// The cells of a line.
    let columns: Int
    /// The lines.
    let rows: Int

    init(columns: Int, rows: Int) {
        self.columns = min(max(columns, 1), 500)
        self.rows = min(max(rows, 1), 200)
    }

    /// Whether there is room for the tables.
    var isEnough: Bool { self.columns >= Self.least.columns && self.rows >= Self.least.rows }
}
