import Foundation
import TestSupport
import Testing

@Suite("Secrets that change, and what is shown of them (K-009, K-020)", .serialized, .timeLimit(.minutes(5)))
struct SecretChangeTests {
    @Test(
        "a secret file that was rewritten is in use after a reload, without a restart; one that is open to others is not"
    )
    func isRenewed() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                let steering = Steering(bus: bus.address)
                try await DaemonProcess.with(DaemonConfiguration(simulator), bus: bus.address) { daemon in
                    #expect(try await daemon.client().chat().status == 200)
                    let path = try daemon.directory.write("alpha.key", "sk-sim-renewed")
                    try await steering.succeed("reload")
                    #expect(try await daemon.client().chat().status == 200)
                    #expect(try await simulator.statistics().key("alpha").requests == 1)
                    #expect(try await simulator.statistics().key("renewed").requests == 1)

                    try daemon.directory.write("alpha.key", "sk-sim-open")
                    #expect(chmod(path, 0o644) == 0)
                    #expect(try await steering.run(["reload"]).isSuccess == false)
                    #expect(try await daemon.client().chat().status == 200)
                    #expect(try await simulator.statistics().key("renewed").requests == 2)
                    #expect(try await simulator.statistics().key("open").requests == 0)
                }
            }
        }
    }

    @Test("the same key has another fingerprint in another installation, and the same one after a restart (K-020)")
    func fingerprints() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                let steering = Steering(bus: bus.address)
                var seen: [String] = []
                for _ in 0..<2 {
                    try await TemporaryDirectory.with { directory in
                        let configuration = DaemonConfiguration(simulator)
                        try DaemonProcess.write(configuration, to: directory)
                        for _ in 0..<2 {
                            try await DaemonProcess.with(
                                in: directory, token: configuration.token, bus: bus.address
                            ) { _ in
                                seen.append(try #require(try await steering.keys()["alpha"]?.fingerprint))
                            }
                        }
                    }
                }
                #expect(seen.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{12}/) != nil })
                #expect(seen[0] == seen[1] && seen[2] == seen[3] && seen[0] != seen[2], "\(seen)")
            }
        }
    }
}
