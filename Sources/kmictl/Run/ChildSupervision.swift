/// What happens to the command of `kmictl run`; tests put something else here.
protocol ChildSupervision: Sendable {
    /// Holds signals back that end programs, so that what is begun from here on can be ended in order; once, before anything
    /// else has a thread.
    func begin()

    /// Waits for something that takes other threads, without the signals that are held back getting away.
    ///
    /// One that ends programs cancels it; ``endingSignal`` tells of it then.
    func wait<Value: Sendable>(for body: @escaping @Sendable () async throws -> Value) async throws -> Value

    /// A signal that came in the meantime and would have ended the process.
    var endingSignal: Int32? { get }

    /// Runs the command to its end.
    func run(_ program: ChildProgram, environment: [[UInt8]]) -> Result<ProcessEnd, StartFailure>

    /// Ends this process as the command ended.
    func end(like end: ProcessEnd)
}
