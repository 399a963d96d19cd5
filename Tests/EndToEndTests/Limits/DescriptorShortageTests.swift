import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Without a free descriptor", .timeLimit(.minutes(2)))
struct DescriptorShortageTests {
    /// What the log tells of connections that could not be accepted.
    private struct Entry: Decodable {
        var event: String
        var suppressed: String?
        var count: String?

        init?(_ line: String) {
            do { self = try JSONDecoder().decode(Self.self, from: Data(line.utf8)) } catch { return nil }
        }

        /// For how many failures it stands.
        var failures: Int {
            if self.event == "accept_failed" { return 1 }
            return self.suppressed == "accept_failed" ? self.count.flatMap { Int($0) } ?? 0 : 0
        }
    }

    private static let launcher = Tools.path(of: "prlimit")

    @Test(
        "connections wait in the queue, the listener rests between its attempts, and serves once there is room again",
        .enabled(if: launcher != nil, "prlimit is not installed"))
    func rests() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let configuration = DaemonConfiguration(simulator)
                try DaemonProcess.write(configuration, to: directory)
                let begun = ContinuousClock.now
                let launcher = [try #require(Self.launcher), "--nofile=128:128"]
                try await DaemonProcess.with(in: directory, token: configuration.token, launcher: launcher) { daemon in
                    let failures = {
                        daemon.process.lines(.standardError).compactMap(Entry.init).reduce(0) { $0 + $1.failures }
                    }
                    do {
                        let client = try daemon.client()
                        let crowd = try (0..<160).map { _ in try client.connect() }
                        // As many as the log takes of the same in a minute.
                        try await eventually("it has tried again and again") { failures() >= 10 }
                        withExtendedLifetime(crowd) {}
                    }
                    let answer = try await daemon.client().chat()
                    #expect(answer.status == 200)
                    daemon.process.send(SIGTERM)
                    let status = try await daemon.process.waitForExit()
                    #expect(status == .exited(0))
                    let took = ContinuousClock.now - begun
                    // Those that the log has held back are told at its end. A slow machine makes fewer.
                    #expect(failures() <= Int(took / .milliseconds(100)) + 2)
                }
            }
        }
    }
}
