import DBusKit
import Foundation
import TestSupport
import Testing

@testable import DBusControl

/// How often a command asks the daemon, counted by a monitor on the bus.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Tools.path(of: "dbus-monitor") != nil))
struct RoundTripTests {
    /// The calls that reach the daemon while `body` runs; those to the bus itself do not count.
    private static func calls(
        of stage: ControlStage, _ body: () async throws -> Void
    ) async throws -> [String] {
        guard case .address(let address) = stage.address else { throw TestFailure("the stage has no address") }
        let monitor = try #require(Tools.path(of: "dbus-monitor"))
        return try await ChildProcess.with(monitor, arguments: ["--address", address]) { process in
            // It shows what it gets from the moment on when it loses its name.
            _ = try await process.firstMatch(on: .standardOutput, "that it listens") {
                $0.contains("member=NameLost") ? true : nil
            }
            try await body()
            // What comes last: the monitor has seen everything before it.
            await #expect(throws: (any Error).self) { try await stage.call(.getRequest, [.string("the-end")]) }
            _ = try await process.firstMatch(on: .standardOutput, "the last call") {
                $0.contains("the-end") ? true : nil
            }
            let calls = process.lines(.standardOutput).filter {
                $0.hasPrefix("method call ") && $0.contains(" path=/org/kmi/Proxy1")
            }
            return calls.compactMap { $0.split(separator: "member=").last.map(String.init) }
        }
    }

    @Test("kmictl status needs two round trips, however many objects there are")
    func statusNeedsTwo() async throws {
        try await ControlStage.with { (stage) async throws in
            guard case .address(let address) = stage.address else { return }
            let seen = try await Self.calls(of: stage) {
                for words in [[], ["status", "--json"]] {
                    let result = try await FinishedProcess.run(
                        BuildProducts.path(of: "kmictl"), arguments: words + ["--address", address],
                        environment: ["PATH": "/usr/bin:/bin"])
                    #expect(result.isSuccess, "\(result.standardError)")
                }
            }
            #expect(seen == ["GetAll", "GetManagedObjects", "GetAll", "GetManagedObjects", "GetRequest"])
        }
    }

    @Test func anOverviewIsWhatTheListsTell() async throws {
        try await ControlStage.with { (stage) async throws in
            let client = try await ControlClient.connect(stage.address, timeout: .seconds(10))
            let overview = try await client.overview()
            #expect(overview.manager == Samples.manager)
            #expect(overview.keys == [Samples.key])
            #expect(overview.providers == [Samples.provider])
            #expect(overview.clients == [Samples.client])
            await client.close()
        }
    }
}
