import DBusControl

/// The two tables of a live view, one above the other.
struct TopTables {
    let model: TopModel
    let style: TextStyle

    /// The share of the lines that keys get while there are requests for the rest, in fifths.
    private static let fifthsOfKeys = 2

    /// The lines, at most so many.
    func lines(_ room: Int, hasRules: Bool, rule: (String) -> String) -> [String] {
        let keys = self.model.keys
        let order = self.model.requests
        // A head each, and a rule.
        let free = max(2, room - (hasRules ? 4 : 2))
        let requestsNeed = max(1, order.count)
        let keyRows = min(max(1, keys.count), max(1, (free * Self.fifthsOfKeys + 2) / 5, free - requestsNeed), free - 1)
        var lines = hasRules ? [rule(self.titleOfKeys(keys.count))] : []
        lines += self.keys(keys, keyRows)
        if hasRules { lines.append(rule(self.titleOfRequests(order.count))) }
        return lines + self.requests(order, free - keyRows)
    }

    private func titleOfKeys(_ count: Int) -> String {
        let all = self.model.shown.keys
        guard !all.isEmpty else { return "keys" }
        let usable = all.count { $0.state == "usable" }
        return "keys: \(usable) of \(all.count) usable" + self.shown(count, of: all.count)
    }

    private func titleOfRequests(_ count: Int) -> String {
        let all = self.model.shown.requests.count
        guard all > 0 else { return "requests" }
        return "requests: the last \(CountText.exact(UInt64(all)))" + self.shown(count, of: all)
    }

    private func shown(_ count: Int, of all: Int) -> String {
        guard !self.model.filter.isEmpty else { return "" }
        return ", \(CountText.exact(UInt64(count))) with \"\(self.model.filter.text)\""
    }

    // MARK: - Keys

    private func keys(_ keys: [KeyStatus], _ room: Int) -> [String] {
        let sort = self.model.keySort
        let chosen = self.model.focus == .keys ? self.model.keyIndex(in: keys) : nil
        let visible = Self.window(of: keys.count, around: self.model.keyIndex(in: keys), room)
        var table = Table(columns: [
            Self.mark,
            Table.Column(title: self.title(sort, .label, atLeast: 8), minimum: 8),
            Table.Column(title: sort.title(of: .provider, self.style), minimum: 6, rank: 7),
            Table.Column(title: self.title(sort, .state, atLeast: 9)),
            Table.Column(title: self.title(sort, .back, atLeast: 7), rank: 2),
            Table.Column(title: sort.title(of: .windows, self.style), rank: 4),
            Table.Column(title: sort.title(of: .running, self.style), isNumeric: true, rank: 3),
            Table.Column(title: sort.title(of: .requests, self.style), isNumeric: true, rank: 6),
            Table.Column(title: sort.title(of: .errors, self.style), isNumeric: true, rank: 5),
        ])
        for index in visible { table.append(self.row(keys[index], isChosen: index == chosen)) }
        let isFiltered = !self.model.filter.isEmpty
        let empty = isFiltered ? "no key has to do with that" : "no keys: kmictl keys add LABEL --provider NAME"
        return self.lines(table, empty, chosen: chosen.map { $0 - visible.lowerBound }, isActive: chosen != nil, room)
    }

    private func row(_ key: KeyStatus, isChosen: Bool) -> [Table.Cell] {
        let isBack = key.usableAt <= self.style.now
        return self.plain(
            [
                self.mark(isChosen),
                Table.Cell(key.label),
                Table.Cell(key.provider),
                Table.Cell(key.state + (key.warn ? " !" : ""), StateColour.ofKey(key.state)),
                Table.Cell(isBack ? "" : Timestamp.distance(to: key.usableAt, now: self.style.now)),
                TopWindows(windows: key.windows).cell(self.style),
                Table.Cell(CountText.short(UInt64(key.inFlight))),
                Table.Cell(CountText.short(key.requests)),
                Table.Cell(CountText.short(key.errorCount)),
            ], if: isChosen)
    }

    // MARK: - Requests

    private func requests(_ order: [Int], _ room: Int) -> [String] {
        let sort = self.model.requestSort
        let rows = self.model.shown.requests
        let index = self.model.requestIndex(in: order)
        let chosen = self.model.focus == .requests && !order.isEmpty ? index : nil
        let visible = Self.window(of: order.count, around: index, room)
        // Who asked matters less than what became of it, which has the room of a narrow screen.
        let who = [
            Table.Column(title: "CLIENT", minimum: 6, rank: 6), Table.Column(title: "PROVIDER", minimum: 8, rank: 7),
        ]
        .prefix(max(0, (self.model.size.columns - 80) / 20))
        let columns = [
            Self.mark,
            Table.Column(title: self.title(sort, .time, atLeast: 4, isNumeric: true), isNumeric: true),
            Table.Column(title: self.title(sort, .key, atLeast: 8), minimum: 8, rank: 2),
            Table.Column(title: self.title(sort, .model, atLeast: 12), minimum: 12, rank: 3),
            Table.Column(title: self.title(sort, .result, atLeast: 8), minimum: 8),
            Table.Column(title: self.title(sort, .took, atLeast: 7, isNumeric: true), isNumeric: true, rank: 1),
            Table.Column(title: sort.title(of: .tokens, self.style), isNumeric: true, rank: 4),
            Table.Column(title: self.title(sort, .cost, atLeast: 7, isNumeric: true), isNumeric: true, rank: 5),
        ]
        var table = Table(columns: columns + who)
        for index in visible { table.append(self.row(rows[order[index]], isChosen: index == chosen)) }
        let isFiltered = !self.model.filter.isEmpty
        let empty = isFiltered ? "no request has to do with that" : "no requests have ended yet"
        return self.lines(
            table, empty, chosen: chosen.map { $0 - visible.lowerBound },
            isActive: self.model.focus == .requests, room)
    }

    private func row(_ row: RequestRow, isChosen: Bool) -> [Table.Cell] {
        let age = (self.style.now - min(row.endedAt, self.style.now)) / 1_000_000
        let status = row.status == 0 ? "" : String(row.status)
        let reason = row.errorClass.isEmpty && row.outcome == "complete" ? "" : row.result
        return self.plain(
            [
                self.mark(isChosen),
                Table.Cell(DurationText.coarse(seconds: age, units: 1)),
                Table.Cell(row.key),
                Table.Cell(row.model),
                Table.Cell(
                    [status, reason].filter { !$0.isEmpty }.joined(separator: " "),
                    StateColour.ofRequest(status: row.status, outcome: row.outcome)),
                Table.Cell(DurationText.precise(microseconds: row.duration)),
                Table.Cell(row.tokens.isEmpty ? "-" : CountText.short(TokenClass.sum(row.tokens))),
                Table.Cell(row.cost.map(MoneyText.dollars) ?? "-"),
                Table.Cell(row.client),
                Table.Cell(row.provider),
            ], if: isChosen)
    }

    // MARK: - Both

    private static let mark = Table.Column(title: " ", isWhole: true)

    private func mark(_ isChosen: Bool) -> Table.Cell {
        Table.Cell(isChosen ? (self.style.isUTF8 ? "▸" : ">") : " ")
    }

    /// A chosen row stands out as a whole, so that its words have no colours of their own.
    private func plain(_ cells: [Table.Cell], if isChosen: Bool) -> [Table.Cell] {
        isChosen ? cells.map { Table.Cell($0.text) } : cells
    }

    /// A title that keeps its column from changing its width with every row that comes.
    private func title<Column: TopColumn>(
        _ sort: TopSort<Column>, _ column: Column, atLeast cells: Int, isNumeric: Bool = false
    ) -> String {
        let title = sort.title(of: column, self.style)
        let blanks = String(repeating: " ", count: max(0, cells - DisplayWidth.of(title)))
        return isNumeric ? blanks + title : title + blanks
    }

    /// The head, and the rows; where there is none, why.
    private func lines(_ table: Table, _ empty: String, chosen: Int?, isActive: Bool, _ room: Int) -> [String] {
        guard !table.rows.isEmpty else {
            return ["", "   " + empty] + Array(repeating: "", count: max(0, room - 1))
        }
        var lines = table.text(self.style).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let width = self.model.size.columns
        if isActive { lines[0] = TopLine.painted(lines[0], .strong, to: width, self.style) }
        if let chosen { lines[chosen + 1] = TopLine.painted(lines[chosen + 1], .chosen, to: width, self.style) }
        return lines + Array(repeating: "", count: max(0, room + 1 - lines.count))
    }

    /// The rows that are shown: as many as there is room for, the chosen one in their middle.
    private static func window(of count: Int, around chosen: Int, _ room: Int) -> Range<Int> {
        let begin = min(max(0, chosen - room / 2), max(0, count - room))
        return begin..<min(count, begin + room)
    }
}
