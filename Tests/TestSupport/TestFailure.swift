/// A fault of a test's surroundings: a process that does not start, a wait that ran out, an answer that cannot be read.
public struct TestFailure: Error, CustomStringConvertible, Sendable {
    /// What went wrong, in a sentence.
    public let description: String

    /// Makes a failure.
    public init(_ description: String) {
        self.description = description
    }
}
