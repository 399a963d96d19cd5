import DBusControl

// What stands above and below the tables.

extension TopScreen {
    /// How the daemon is, in the colour of that.
    var presence: Table.Cell {
        let dash = self.style.isUTF8 ? "–" : "-"
        switch self.model.live.presence {
        case .unknown: return Table.Cell("asking kmid how it is", .resting)
        case .absent: return Table.Cell("kmid is not running \(dash) waiting for it", .bad)
        case .silent: return Table.Cell("kmid does not answer \(dash) waiting for it", .bad)
        case .present:
            let state = self.model.shown.manager?.state ?? ""
            return Table.Cell("kmid \(state)", StateColour.ofDaemon(state))
        }
    }

    /// The daemon as a whole.
    var header: [String] {
        var pieces = [self.presence]
        if self.model.isPaused { pieces.append(Table.Cell("PAUSED", .resting)) }
        if let manager = self.model.shown.manager {
            if manager.dryRun { pieces.append(Table.Cell("dry-run", .resting)) }
            pieces.append(
                manager.activeKey.isEmpty
                    ? Table.Cell("no key can be used", .bad) : Table.Cell("next \(manager.activeKey)"))
            pieces.append(Table.Cell(manager.rotationMode))
            let seconds = (self.style.now - min(manager.startedAt, self.style.now)) / 1_000_000
            if manager.startedAt > 0, self.model.live.presence == .present {
                pieces.append(Table.Cell("up \(DurationText.coarse(seconds: seconds, units: 2))"))
            }
            pieces.append(Table.Cell("version \(manager.version)"))
        }
        return TopLine.flow(pieces, lines: self.isRoomy ? 2 : 1, gap: self.gap, self.style)
    }

    /// What wants to be looked at.
    var warnings: [String] {
        let data = self.model.shown
        guard let manager = data.manager else { return [] }
        var warnings = StatusReport(manager: manager, keys: data.keys, providers: []).warnings
        if !data.notice.isEmpty { warnings.append(data.notice) }
        guard !warnings.isEmpty else { return [] }
        let room = self.isRoomy ? 2 : 1
        var shown = Array(warnings.prefix(room))
        if shown.count < warnings.count {
            shown[shown.count - 1] = "\(shown.count) of \(warnings.count): " + shown[shown.count - 1]
        }
        return shown.map { self.style.painted(SafeText.line("! \($0)"), .resting) }
    }

    /// The figures of the last minute, the most important ones first.
    var figures: [String] {
        let data = self.model.shown
        guard let manager = data.manager else { return [] }
        let figures = data.figures
        let more = figures.isIncomplete ? (self.style.isUTF8 ? "≥" : ">=") : ""
        let share = figures.failureShare.map { "\(WindowText.percent($0)) %" } ?? "-"
        let isBad = figures.failureShare.map { $0 >= 0.05 } ?? false
        let cost = more + MoneyText.dollars(figures.costPerMinute) + (figures.isUnpriced ? "+?" : "")
        let pieces = [
            Table.Cell("requests \(Self.rate(figures.requestsPerSecond))/s"),
            Table.Cell("in flight \(manager.requestsInFlight)"),
            Table.Cell("errors \(share)", isBad ? .bad : nil),
            Table.Cell("p50 \(Self.time(figures.median))"),
            Table.Cell("p95 \(Self.time(figures.percentile95))"),
            Table.Cell("p99 \(Self.time(figures.percentile99))"),
            Table.Cell("first byte \(Self.time(figures.firstByte))"),
            Table.Cell("tokens \(more)\(CountText.short(figures.tokensPerMinute))/min"),
            Table.Cell("cost \(cost)/min"),
        ]
        return TopLine.flow(pieces, lines: self.isRoomy ? 2 : 1, gap: 2, self.style)
    }

    /// The blanks between two pieces.
    private var gap: Int { self.model.size.columns < 60 ? 2 : 3 }

    /// What the keys do here.
    var foot: String {
        if self.model.isFiltering {
            // What is typed is at the end, which is what has to be seen.
            let room = max(1, self.model.size.columns - 10)
            let text = SafeText.line(String(self.model.filter.text.suffix(room)))
            return "filter: \(text)_"
        }
        let pieces: [Table.Cell]
        switch self.model.view {
        case .tables:
            let filter = self.model.filter.isEmpty ? [] : [Table.Cell("Esc shows all", .resting)]
            pieces =
                filter + [
                    "q quit", "? help", "/ filter", "s sort",
                    Table.Cell("p \(self.model.isPaused ? "go on" : "pause")"), "Enter open", "Tab table",
                ]
        case .help, .key, .request:
            pieces = [
                "q quit", "Esc back", "arrows scroll", Table.Cell("p \(self.model.isPaused ? "go on" : "pause")"),
            ]
        }
        return TopLine.flow(pieces, lines: 1, gap: 2, self.style).first ?? ""
    }

    /// `0.3`, `12.3`, `123`.
    private static func rate(_ value: Double) -> String {
        if value >= 99.95 { return CountText.short(UInt64(min(value, 1e15).rounded())) }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func time(_ microseconds: UInt64?) -> String {
        microseconds.map(DurationText.precise) ?? "-"
    }
}
