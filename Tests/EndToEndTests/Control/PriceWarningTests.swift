import TestSupport
import Testing

@Suite("What a person should know of the prices (A-028)", .serialized, .timeLimit(.minutes(5)))
struct PriceWarningTests {
    /// What `status --json` tells of it.
    private struct Status: Decodable {
        var state: String
        var degraded: [String]
        var warnings: [String]
    }

    @Test("an old table that is imported shows in the status at once, and the daemon is not degraded by it")
    func oldTable() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { _ in
                    let steering = Steering(bus: bus.address)
                    try await TemporaryDirectory.with { directory in
                        let table = try directory.write(
                            "prices.json",
                            #"{"_kmi": {"effective": "2020-01-01"}, "m": {"input_cost_per_token": 1e-6}}"#)
                        try await steering.succeed("prices", "import", table)
                    }
                    let status = try await steering.show(Status.self, "status")
                    #expect(status.warnings.contains { $0.hasPrefix("prices_old: the price table ") })
                    #expect(status.state == "running")
                    #expect(status.degraded == [])
                }
            }
        }
    }

    @Test("an empty file is refused in the words of the command line")
    func emptyTable() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { _ in
                    try await TemporaryDirectory.with { directory in
                        let table = try directory.write("empty.json", "")
                        let result = try await Steering(bus: bus.address).run(["prices", "import", table])
                        #expect(result.status == .exited(64))
                        #expect(result.standardError == "kmictl: the file is empty")
                    }
                }
            }
        }
    }
}
