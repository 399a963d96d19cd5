import DBusControl

extension RequestListReport {
    /// The records of `--csv`; what is unknown is empty.
    var csv: [[String]] {
        let columns = Self.columns
        return [columns.map(\.name)] + self.rows.map { row in columns.map { $0.value(row) } }
    }

    private typealias Column = (name: String, value: (RequestRow) -> String)

    private static var columns: [Column] {
        let first: [Column] = [
            ("id", \.id), ("received_at", { Timestamp.text($0.receivedAt) ?? "" }), ("client", \.client),
            ("project", \.project), ("dialect", \.dialect), ("model", \.model), ("used_model", \.usedModel),
            ("provider", \.provider), ("key", \.key), ("status", { String($0.status) }), ("class", \.errorClass),
            ("stream", { $0.isStream ? "true" : "false" }), ("outcome", \.outcome),
            ("duration_us", { String($0.duration) }),
            ("first_byte_us", { $0.firstByte == 0 ? "" : String($0.firstByte) }),
            ("attempts", { String($0.attempts.count) }),
        ]
        let tokens: [Column] = TokenClass.all.map { name in
            (name, { row in row.tokens[name].map { String($0) } ?? "" })
        }
        let last: [Column] = [
            ("cost_pico_usd", { $0.cost.map { String($0) } ?? "" }),
            ("cost_usd", { $0.cost.map(MoneyText.decimal) ?? "" }), ("quality", \.quality), ("pricing", \.pricing),
            ("price_version", \.priceVersion), ("process", \.process),
            ("process_id", { $0.processID.map { String($0) } ?? "" }), ("unit", \.unit), ("user", \.user),
            ("user_id", { $0.userID.map { String($0) } ?? "" }),
        ]
        return first + tokens + last
    }
}
