import Foundation
import TestSupport
import Testing

/// Clients that are slow on purpose (slowhttptest): with headers, with bodies, and with reading.
@Suite("Slow clients", .serialized, .timeLimit(.minutes(5)))
struct SlowClientTests {
    @Test(
        "no honest request fails or waits over a second while all three modes run; connections and memory stay bounded",
        .enabled(if: Tools.path(of: "slowhttptest") != nil, "slowhttptest is missing"))
    func outlastsSlowClients() async throws {
        let result = try await TemporaryDirectory.with { programs in
            try BuildProducts.link(in: programs)
            return try await FinishedProcess.run(
                "/usr/bin/python3",
                arguments: [
                    BuildProducts.packageRoot + "/scripts/soak-hostile", "--brief", "--seconds", "8", "--connections",
                    "200",
                    "--bin", programs.path, "slow",
                ],
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"],
                within: .seconds(150))
        }
        print(result.standardOutput)
        #expect(result.isSuccess, "\(result.standardOutput)\(result.standardError)")
        #expect(result.standardOutput.contains("three modes at once"))
        #expect(!result.standardOutput.contains("not run"))
    }
}
