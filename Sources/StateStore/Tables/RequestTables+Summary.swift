internal import GRDB
internal import ProxyCore

extension RequestTables {
    /// The most keys that a summary tells of.
    private static let mostTallies = 4_096

    /// How many of the requests that a query lets through each key was used for last.
    static func summary(
        _ query: RequestQuery, in database: Database, _ malformed: inout Tally
    ) throws -> [RequestTally] {
        guard let plan = try RequestSearch(query, before: nil, in: database) else { return [] }
        let rows = try Row.fetchAll(
            database, sql: plan.summary, arguments: plan.arguments + [Self.mostTallies])
        return rows.compactMap { row in
            guard let key = row.text("key").flatMap(KeyLabel.init),
                let provider = row.text("provider").flatMap(ProviderName.init), let requests = row.large("requests")
            else {
                malformed.add(.requests)
                return nil
            }
            return RequestTally(key: key, provider: provider, requests: UInt64(clamping: requests))
        }
    }
}
