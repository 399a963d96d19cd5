import Foundation

/// Lets a program that a test has started wait until the test lets it go on, without looking again and again.
///
/// A named pipe: the program reads a byte of it, which does not come before the test gives it.
public struct StartSignal: Sendable {
    /// The path of the pipe, for the program.
    public let path: String

    private let descriptor: Int32

    /// Makes a pipe that lives as long as a scope.
    public static func with<Value>(at path: String, _ body: (StartSignal) async throws -> Value) async throws -> Value {
        guard mkfifo(path, 0o600) == 0 else { throw TestFailure("mkfifo \(path): errno \(errno)") }
        // Open at both ends, so that neither side waits for the other one to open it, and what is given is kept.
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFailure("cannot open \(path): errno \(errno)") }
        defer { close(descriptor) }
        return try await body(StartSignal(path: path, descriptor: descriptor))
    }

    /// Lets one reader go on.
    public func give() throws {
        var byte: UInt8 = 0
        guard write(self.descriptor, &byte, 1) == 1 else { throw TestFailure("cannot write: errno \(errno)") }
    }
}
