import Foundation
import Glibc
import TestSupport
import Testing

@Suite("kmictl doctor tells what is not in order, with and without a daemon", .timeLimit(.minutes(5)))
struct DoctoringTests {
    private struct Row: Decodable {
        var check: String
        var subject: String
        var result: String
        var message: String
        var advice: String
    }

    private func doctor(_ bus: String, _ arguments: [String] = []) async throws -> (
        rows: [Row], result: FinishedProcess
    ) {
        let result = try await Steering(bus: bus).run(["doctor", "--json"] + arguments)
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.standardOutput.utf8))
        #expect(rows.allSatisfy { ["ok", "warn", "fail"].contains($0.result) && !$0.message.isEmpty })
        #expect(rows.allSatisfy { $0.result != "fail" || !$0.advice.isEmpty })
        return (rows, result)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("a daemon in order has no failures (K-001), and a secret is in none of its words")
    func findsNothingWrong() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                var configuration = DaemonConfiguration(simulator)
                configuration.keys[0].secret = "sk-planted-0123456789"
                try await DaemonProcess.with(configuration, bus: bus.address) { _ in
                    let (rows, result) = try await self.doctor(bus.address)
                    let failures = rows.filter { $0.result == "fail" && $0.check != "disk" }
                    #expect(failures.isEmpty, "\(failures)")
                    let checks = Set(rows.map(\.check))
                    for check in [
                        "version", "daemon", "config", "permissions", "secrets", "bus", "listener", "clock", "keys",
                        "provider",
                        "disk", "limits",
                    ] {
                        #expect(checks.contains(check), "\(check) is missing")
                    }
                    let versions = Set(rows.filter { $0.check == "version" }.map(\.subject))
                    #expect(
                        versions.isSuperset(of: [
                            "kmictl", "kmid", "swift", "libcurl", "sqlite", "libsystemd", "libdbus-1", "zlib",
                        ]))
                    #expect(rows.first { $0.check == "provider" }?.result == "ok")
                    #expect(!result.standardOutput.contains("sk-planted-0123456789"))
                    let offline = try await self.doctor(bus.address, ["--offline"]).rows
                    #expect(!offline.contains { $0.check == "provider" })
                }
            }
        }
    }

    @Test("closes state that is open to others, and refuses secrets that are (K-047); tells what a reload would say")
    func findsLoosePermissions() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(DaemonConfiguration(simulator), bus: bus.address) { daemon in
                    let state = daemon.directory.path("state")
                    let secret = daemon.directory.path("alpha.key")
                    #expect(chmod(state, 0o755) == 0 && chmod(secret, 0o644) == 0)
                    #expect(chmod(state + "/state.sqlite", 0o644) == 0)
                    let (rows, result) = try await self.doctor(bus.address, ["--offline"])
                    #expect(result.status == .exited(1))
                    let bySubject = Dictionary(
                        rows.filter { $0.check == "permissions" }.map { ($0.subject, $0) },
                        uniquingKeysWith: { first, _ in first })
                    #expect(bySubject[state]?.result == "warn")
                    #expect(bySubject[state + "/state.sqlite"]?.result == "warn")
                    #expect(bySubject[secret]?.result == "fail")
                    #expect(try self.mode(state) == 0o700)
                    #expect(try self.mode(state + "/state.sqlite") == 0o600)
                    #expect(try self.mode(secret) == 0o644, "a person has to look at it")
                    // The same file is what a reload would refuse.
                    #expect(
                        rows.contains {
                            $0.check == "config" && $0.result == "fail" && $0.message.contains("chmod 600")
                        })
                    let again = try await self.doctor(bus.address, ["--offline"]).rows
                    #expect(!again.contains { $0.check == "permissions" && $0.subject == state })
                }
            }
        }
    }

    @Test("tells of a provider that nobody can reach")
    func findsDeadProviders() async throws {
        try await ReservedPort.with { dead in
            try await PrivateBus.with { bus in
                let configuration = DaemonConfiguration(providerBaseURL: "http://127.0.0.1:\(dead.port)/v1")
                try await DaemonProcess.with(configuration, bus: bus.address) { _ in
                    let (rows, result) = try await self.doctor(bus.address)
                    #expect(result.status == .exited(1))
                    let row = try #require(rows.first { $0.check == "provider" })
                    #expect(row.subject == "sim")
                    #expect(row.result == "fail")
                    #expect(row.message.contains("cannot be reached"))
                }
            }
        }
    }

    @Test("tells of a disk that is nearly full", .enabled(if: SmallDisk.isPermitted, "needs to mount"))
    func findsFullDisks() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let state = try directory.makeDirectory("state")
                    try await SmallDisk.with(at: state) { _ in
                        try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) { _ in
                            let (rows, _) = try await self.doctor(bus.address, ["--offline"])
                            #expect(rows.contains { $0.check == "disk" && $0.subject == state && $0.result == "fail" })
                        }
                    }
                }
            }
        }
    }

    @Test("without a daemon it tells who has its port, and gives one document (X-061)")
    func worksWithoutDaemon() async throws {
        try await ReservedPort.with { taken in
            try taken.listen()
            try await ReservedPort.with { free in
                try await PrivateBus.with { bus in
                    let (rows, result) = try await self.doctor(
                        bus.address, ["--port", "\(taken.port)", "--port", "\(free.port)"])
                    #expect(result.status == .exited(1))
                    #expect(rows.contains { $0.check == "bus" && $0.result == "ok" })
                    #expect(
                        rows.contains {
                            $0.check == "daemon" && $0.result == "fail" && $0.advice.contains("kmid check-config")
                        })
                    let listeners = Dictionary(
                        rows.filter { $0.check == "listener" }.map { ($0.subject, $0) },
                        uniquingKeysWith: { first, _ in first })
                    #expect(listeners["127.0.0.1:\(taken.port)"]?.result == "fail")
                    #expect(listeners["127.0.0.1:\(taken.port)"]?.message.contains("process \(getpid())") == true)
                    #expect(listeners["127.0.0.1:\(free.port)"]?.result == "ok")
                }
            }
        }
        let (rows, result) = try await self.doctor("unix:path=/nonexistent/bus")
        #expect(result.status == .exited(1))
        #expect(rows.contains { $0.check == "bus" && $0.result == "fail" })
    }
}
