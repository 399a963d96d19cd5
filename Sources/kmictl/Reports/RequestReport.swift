import DBusControl

/// What `kmictl request` shows.
struct RequestReport: Report {
    let row: RequestRow

    var json: JSONValue { self.row.json }
    var names: [String] { [self.row.id] }

    func text(_ style: TextStyle) -> String {
        let row = self.row
        let colour = StateColour.ofRequest(status: row.status, outcome: row.outcome)
        var fields = FieldList()
        fields.append("id", Table.Cell(row.id))
        fields.append("received", Table.Cell(Timestamp.both(row.receivedAt, now: style.now)))
        fields.append("client", Table.Cell(row.client))
        fields.append("project", Table.Cell(row.project))
        fields.append("observed", Table.Cell(AccountText.caller(row)))
        fields.append("dialect", Table.Cell(row.dialect + (row.isStream ? ", stream" : "")))
        fields.append("model", Table.Cell(row.model))
        if row.usedModel != row.model { fields.append("answered by", Table.Cell(row.usedModel)) }
        fields.append("provider", Table.Cell(row.provider))
        fields.append("key", Table.Cell(row.key))
        fields.append("status", Table.Cell(row.status == 0 ? "none" : String(row.status), colour))
        fields.append("outcome", Table.Cell(row.outcome, colour))
        fields.append("class", Table.Cell(row.errorClass, colour))
        fields.append("took", Table.Cell(DurationText.precise(microseconds: row.duration)))
        if row.firstByte > 0 {
            fields.append("first byte", Table.Cell("after \(DurationText.precise(microseconds: row.firstByte))"))
        }
        fields.append("tokens", AccountText.tokens(row.tokens).map { Table.Cell($0) })
        fields.append("quality", Table.Cell(AccountText.quality(row.quality)))
        let cost = AccountText.cost(row.cost, pricing: row.pricing, version: row.priceVersion)
        fields.append("cost", Table.Cell(cost, row.pricing == "unpriced" ? .resting : nil))
        fields.append("attempts", row.attempts.enumerated().flatMap { Self.cells($0.offset + 1, $0.element) })
        return fields.text(style)
    }

    /// What came of an attempt, and below it why it was made so.
    private static func cells(_ number: Int, _ attempt: RequestRow.Attempt) -> [Table.Cell] {
        let status = attempt.status == 0 ? "no answer" : String(attempt.status)
        let result = attempt.errorClass.isEmpty ? status : "\(status) \(attempt.errorClass)"
        let took = DurationText.precise(microseconds: attempt.duration)
        let head = Table.Cell(
            "\(number). \(attempt.key) at \(attempt.provider): \(result), \(took)",
            attempt.errorClass.isEmpty ? nil : .resting)
        let details = [
            Self.circumstances(of: attempt), Self.passedOver(by: attempt), AccountText.of(attempt),
        ].filter { !$0.isEmpty }
        return [head] + details.map { Table.Cell("   \($0)") }
    }

    private static func circumstances(of attempt: RequestRow.Attempt) -> String {
        var parts: [String] = []
        if !attempt.model.isEmpty { parts.append("model \(attempt.model)") }
        if !attempt.selection.isEmpty { parts.append(RouteWords.selection(attempt.selection)) }
        if attempt.waited > 0 { parts.append("waited \(DurationText.precise(microseconds: attempt.waited))") }
        if !attempt.decidedBy.isEmpty { parts.append("decided by \(attempt.decidedBy)") }
        if attempt.isPossiblyBilled { parts.append("possibly billed") }
        return parts.joined(separator: "; ")
    }

    private static func passedOver(by attempt: RequestRow.Attempt) -> String {
        guard !attempt.passedOver.isEmpty else { return "" }
        let others = attempt.passedOver.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        return "passed over: " + others.joined(separator: ", ")
    }
}
