import ArgumentParser

/// A command: it parses, talks to the daemon, and shows what came.
///
/// It is asynchronous to the parser too, since completions of its arguments may ask the daemon.
protocol ControlCommand: AsyncParsableCommand, Sendable {
    /// The options that every command has.
    var options: GlobalOptions { get }

    /// Asks the person at the terminal, while the process still has one thread and has not connected to anything.
    mutating func prepare(_ invocation: Invocation) throws

    /// Does it.
    func perform(in invocation: Invocation) async throws -> ExitStatus
}

extension ControlCommand {
    mutating func prepare(_ invocation: Invocation) throws {}
}
