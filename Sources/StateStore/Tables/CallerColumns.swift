internal import GRDB
internal import ProxyCore

extension ObservedCaller {
    /// What the columns of `requests` hold of a caller; `nil` if nothing is known of one, or a value is impossible.
    init?(_ row: Row) {
        self.init()
        self.userID = row.large("caller_uid").flatMap { UInt32(exactly: $0) }
        self.user = row.text("caller_user")
        self.processID = row.large("caller_pid").flatMap { Int32(exactly: $0) }
        self.process = row.text("caller_process")
        self.unit = row.text("caller_unit")
        if self == ObservedCaller() { return nil }
    }

    /// The values of the columns `caller_uid`, `caller_user`, `caller_pid`, `caller_process` and `caller_unit`.
    var columnValues: StatementArguments {
        [self.userID.map { Int64($0) }, self.user, self.processID.map { Int64($0) }, self.process, self.unit]
    }
}
