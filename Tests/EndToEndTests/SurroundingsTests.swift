import Foundation
import TestSupport
import Testing

@Suite("The surroundings of tests keep their own promises", .timeLimit(.minutes(5)))
struct SurroundingsTests {
    @Test func processIsKilledWhenItDoesNotEnd() async throws {
        let process = try ChildProcess(
            "/bin/sh", arguments: ["-c", "trap '' TERM; echo up; while :; do sleep 1; done"])
        _ = try await process.firstMatch(on: .standardOutput, "the line up") { $0 == "up" ? true : nil }
        #expect(try await process.terminate(within: .milliseconds(200)) == .signalled(SIGKILL))
    }

    @Test func processTellsItsOutputAndItsCode() async throws {
        let result = try await FinishedProcess.run(
            "/bin/sh",
            arguments: ["-c", "echo one; echo two >&2; printf three; pwd; exit 7"],
            directory: "/tmp"
        )
        #expect(result.status == .exited(7))
        #expect(result.standardOutput == "one\nthree/tmp")
        #expect(result.standardError == "two")
    }

    @Test func waitingForALineEndsWithTheProcess() async throws {
        try await ChildProcess.with("/bin/true") { process in
            _ = await #expect(throws: TestFailure.self) {
                _ = try await process.firstMatch(on: .standardOutput, "anything") { _ in true }
            }
        }
    }

    @Test func temporaryDirectoryIsPrivateAndGoes() async throws {
        let path = try await TemporaryDirectory.with { directory in
            try directory.write("a/b", "x")
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            return directory.path
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func metricsTextAddsUpSeries() {
        let text = MetricsText("# HELP a b\na{x=\"1\",y=\"2\"} 3\na{x=\"1\",y=\"3\"} 4\nb 5\n")
        #expect(text.sum("a", ["x": "1"]) == 7)
        #expect(text.sum("a", ["y": "2"]) == 3)
        #expect(text.sum("b") == 5)
        #expect(text.sum("c") == 0)
    }

    @Test func notificationsArrive() async throws {
        try await TemporaryDirectory.with { directory in
            let socket = try NotifySocket(at: directory.path("notify"))
            #expect(try socket.receive(within: .milliseconds(1)) == nil)
            let sender = try await FinishedProcess.run(
                PythonEnvironment.interpreter,
                arguments: [
                    "-c",
                    "import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'READY=1\\nX=2', sys.argv[1])",
                    socket.path,
                ]
            )
            #expect(sender.isSuccess, "\(sender.standardError)")
            #expect(try socket.receive(within: .seconds(1)) == ["READY=1", "X=2"])
        }
    }
}
