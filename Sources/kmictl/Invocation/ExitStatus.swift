/// What `kmictl` ends with (contract section 10).
enum ExitStatus: Int32, CaseIterable {
    /// It was done.
    case success = 0
    /// It was understood and tried, and did not work.
    case failed = 1
    /// There is no such key, client or request.
    case notFound = 3
    /// The bus or the daemon does not let this user do it.
    case notAuthorised = 4
    /// No answer came in time.
    case timedOut = 5
    /// No daemon is on the bus, or there is no bus.
    case unreachable = 8
    /// The command line cannot be meant, or a value on it.
    case usage = 64
}
