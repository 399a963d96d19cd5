internal import GRDB
internal import ProxyCore

extension RequestTables {
    /// The most keys that a summary tells of.
    private static let mostTallies = 4_096

    /// How many of the requests that a query lets through each key was used for last, in the order of their names.
    static func summary(
        _ query: RequestQuery, in database: Database, _ malformed: inout Tally
    ) throws -> [RequestTally] {
        guard let plan = try RequestSearch(query, before: nil, in: database) else { return [] }
        var counts: [UsageCounts.KeyID: UInt64] = [:]
        for row in try plan.tallies(in: database) {
            guard let key = row.text("key").flatMap(KeyLabel.init),
                let provider = row.text("provider").flatMap(ProviderName.init), let requests = row.large("requests")
            else {
                malformed.add(.requests)
                continue
            }
            counts[UsageCounts.KeyID(label: key, provider: provider), default: 0] += UInt64(clamping: requests)
        }
        let tallies = counts.map { RequestTally(key: $0.key.label, provider: $0.key.provider, requests: $0.value) }
        return Array(
            tallies.sorted { ($0.key.text, $0.provider.text) < ($1.key.text, $1.provider.text) }
                .prefix(Self.mostTallies))
    }
}
