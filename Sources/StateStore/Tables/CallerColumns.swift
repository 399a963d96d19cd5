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
}
