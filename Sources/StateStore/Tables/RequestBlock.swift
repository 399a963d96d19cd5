internal import GRDB

/// Requests whose numbers have the same upper bits, 4,096 at most.
///
/// `attempts_by_key` lists attempts by block first and by key within. What is written at about the same time thus lies on
/// a few pages of it. By key alone each of many keys would have a page of its own at the end of its rows, which every
/// transaction would read and write again, the more of them the larger the table. The price is that whoever asks for a
/// key asks each block, which takes microseconds.
struct RequestBlock: Equatable {
    /// The upper bits.
    let number: Int64

    /// That an attempt is of a block, whose number is the value; the index has the same expression.
    static let condition = "attempts.request >> 12 = ?"

    /// All blocks that have requests from the first to the last number, the newest first.
    static func newestFirst(from lowest: Int64, through highest: Int64, in database: Database) throws -> [RequestBlock]
    {
        let ends = try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT (SELECT min(request) FROM attempts) AS first, (SELECT max(request) FROM attempts) AS last")
        )
        guard let first = ends?.large("first"), let last = ends?.large("last") else { return [] }
        let newest = Self.number(of: min(last, highest))
        return stride(from: newest, through: Self.number(of: max(first, lowest)), by: -1).map(RequestBlock.init)
    }

    private static func number(of request: Int64) -> Int64 { request >> 12 }
}
