/// How a process ended.
enum ProcessEnd: Equatable, Sendable {
    /// By itself, with this status.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)

    /// The status that shells give for a program that is not there.
    static let notFound = ProcessEnd.exited(127)
    /// The status that shells give for one that cannot be started.
    static let notExecutable = ProcessEnd.exited(126)
}

/// A command cannot be started.
struct StartFailure: Error, Equatable {
    /// What `kmictl` ends with then.
    var end: ProcessEnd
    /// Why.
    var message: String
}
