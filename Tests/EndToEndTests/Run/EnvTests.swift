import Foundation
import TestSupport
import Testing

@Suite("kmictl env", .serialized, .timeLimit(.minutes(5)))
struct EnvTests {
    @Test("a shell that evaluates it reaches the daemon, and the former token ends")
    func isEvaluated() async throws {
        try await Running.with { daemon, running in
            let script = """
                set -e
                eval "$("$0" --address "$1" env)"
                echo "$OPENAI_API_KEY"
                echo "${ANTHROPIC_API_KEY-none}"
                curl --silent --fail --noproxy '*' --max-time 20 --output /dev/null --write-out '%{http_code}\\n' \
                    --header "Authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/models"
                """
            var tokens: [String] = []
            for shell in ["sh", "bash", "zsh"] {
                guard let program = Tools.path(of: shell) else { continue }
                let result = try await FinishedProcess.run(
                    program, arguments: ["-c", script, BuildProducts.path(of: "kmictl"), running.bus],
                    environment: running.environment)
                #expect(result.isSuccess, "\(shell): \(result.standardError)")
                let lines = result.standardOutput.split(separator: "\n").map(String.init)
                #expect(lines.count == 3)
                #expect(lines.dropFirst() == ["none", "200"])
                #expect(result.standardError.isEmpty)
                tokens.append(lines.first ?? "")
            }
            #expect(Set(tokens).count == tokens.count)
            for (position, token) in tokens.enumerated() {
                let client = RawHTTPClient(try daemon.address("data"), fields: [("x-api-key", token)])
                let isLast = position == tokens.count - 1
                #expect(try await client.get("/v1/models").status == (isLast ? 200 : 401))
            }
            #expect(try await running.clients() == ["env", "test"])
            let refused = try await Steering(bus: running.bus).run(["env", "--client", "test"])
            #expect(refused.status == .exited(1))
            #expect(refused.standardError.contains("--client"))
            #expect(refused.standardOutput.isEmpty)
        }
    }

    @Test("the bus starts the daemon for env and run, and for nothing else (contract 10)")
    func startsTheDaemon() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(DaemonConfiguration(simulator), to: directory)
                let services = try directory.makeDirectory("services")
                let pid = directory.path("pid")
                let start = try directory.write(
                    "start",
                    """
                    #!/bin/sh
                    echo $$ >\(pid)
                    exec \(BuildProducts.path(of: "kmid")) run --config \(directory.path("kmi.toml")) \
                        --state-dir \(directory.path("state")) --bus "$DBUS_STARTER_ADDRESS"

                    """, mode: 0o700)
                try directory.write(
                    "services/org.kmi.Proxy1.service", "[D-BUS Service]\nName=org.kmi.Proxy1\nExec=\(start)\n",
                    mode: 0o644)
                let environment = ["XDG_RUNTIME_DIR": directory.path]
                try await PrivateBus.with(serviceDirectory: services, environment: environment) { bus in
                    let running = Running(bus: bus.address, directory: directory)
                    let steering = Steering(bus: bus.address)
                    for words in [["status"], ["clients"], ["keys"], ["version"]] {
                        _ = try await steering.run(words)
                    }
                    #expect(try await steering.run(["status"]).status == .exited(8))
                    #expect(!FileManager.default.fileExists(atPath: pid))
                    let result = try await running.run("/bin/sh", "-c", "echo $KMI_TOKEN")
                    let started = try Int32(
                        String(contentsOfFile: pid, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines))
                    let daemon = try #require(started)
                    #expect(result.isSuccess, "\(result.standardError)")
                    #expect(result.standardOutput.hasPrefix("kmi_"))
                    #expect(try await steering.run(["env"]).isSuccess)
                    kill(daemon, SIGTERM)
                    try await eventually("the daemon has ended") { kill(daemon, 0) != 0 }
                }
            }
        }
    }
}
