import Foundation

/// A program that has run to its end.
public struct FinishedProcess: Sendable {
    /// How it ended.
    public let status: ChildProcess.ExitStatus
    /// What it printed.
    public let standardOutput: String
    /// What it printed on standard error.
    public let standardError: String

    /// Whether it ended with code 0.
    public var isSuccess: Bool { self.status == .exited(0) }

    /// Runs a program to its end; kills it and fails when the time is over.
    public static func run(
        _ executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String = "/",
        input: String = "/dev/null",
        within limit: Duration = .seconds(30)
    ) async throws -> FinishedProcess {
        let process = try ChildProcess(
            executable,
            arguments: arguments,
            environment: environment,
            directory: directory,
            input: input
        )
        let status = try await process.waitForExit(within: limit)
        return FinishedProcess(
            status: status,
            standardOutput: process.text(.standardOutput),
            standardError: process.text(.standardError)
        )
    }
}
