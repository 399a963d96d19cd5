internal import GRDB
internal import ProxyCore

/// The condition that a query puts to the rows of `requests`: constant pieces of text only, every value is an argument
/// (T-031).
struct RequestFilterSQL {
    private var conditions = ["TRUE"]
    private(set) var arguments = StatementArguments()

    init(_ query: RequestQuery) {
        self.require("received_at >= ?", query.since?.microseconds)
        self.require("received_at < ?", query.until?.microseconds)
        self.require("provider = ?", query.provider?.text)
        self.require("client = ?", query.client?.text)
        self.require("status = ?", query.status)
        self.require("error_class = ?", query.errorClass?.rawValue)
        self.require("EXISTS (SELECT 1 FROM attempts WHERE request = number AND attempts.key = ?)", query.key?.text)
    }

    /// Adds a condition with one value; without a value it adds none.
    mutating func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        self.conditions.append(condition)
        self.arguments += [value]
    }

    /// The condition.
    var text: String { self.conditions.joined(separator: " AND ") }
}
