import DBusKit
import Foundation
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// The program itself, on a bus with a fake daemon.
@Suite(.timeLimit(.minutes(5)))
struct CommandLineTests {
    private static func environment(_ more: [String: String] = [:]) -> [String: String] {
        ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent"].merging(more) { $1 }
    }

    private static func address(of stage: ControlStage) throws -> String {
        guard case .address(let address) = stage.address else { throw TestFailure("the stage has no address") }
        return address
    }

    private static func kmictl(
        _ stage: ControlStage, _ words: String..., environment: [String: String] = [:], input: String = "/dev/null"
    ) async throws -> FinishedProcess {
        try await FinishedProcess.run(
            BuildProducts.path(of: "kmictl"),
            arguments: words + ["--address", Self.address(of: stage)],
            environment: Self.environment(environment),
            input: input
        )
    }

    @Test func showsTheKeysOverTheBus() async throws {
        try await ControlStage.with { (stage) async throws in
            let quiet = try await Self.kmictl(stage, "keys", "list", "-q")
            #expect(quiet.isSuccess)
            #expect(quiet.standardOutput == "alpha")
            let json = try await Self.kmictl(stage, "--json", "keys", "list")
            let document = try JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [[String: Any]]
            #expect(document?.first?["label"] as? String == "alpha")
            let table = try await Self.kmictl(stage, "keys", environment: ["COLUMNS": "60"])
            #expect(table.standardOutput.split(separator: "\n").allSatisfy { $0.count <= 60 })
        }
    }

    @Test("explains, tells of windows, probes and summarises over the bus, in ASCII where the locale has no more")
    func explainsOverTheBus() async throws {
        try await ControlStage.with { (stage) async throws in
            let explained = try await Self.kmictl(stage, "explain", "k2", "--session", "s1")
            #expect(
                explained.standardOutput.hasPrefix(
                    "the next request would use alpha of kimi (on trial"))
            #expect(stage.plane.with { $0.explainOptions?.session } == "s1")
            let plain = try await Self.kmictl(stage, "health", "--refresh", environment: ["LC_ALL": "C"])
            #expect(plain.standardOutput.contains("[##..............]   13 %"))
            #expect(plain.standardError == "something was learned of 2 of 1 keys.")
            let drawn = try await Self.kmictl(stage, "health", environment: ["LC_ALL": "C.UTF-8"])
            #expect(drawn.standardOutput.contains("██░░░░░░░░░░░░░░   13 %"))
            let probed = try await Self.kmictl(stage, "keys", "probe", "alpha")
            #expect(probed.standardOutput == "invalid provider_auth_failed")
            let summary = try await Self.kmictl(stage, "requests", "--summary")
            #expect(summary.standardOutput.hasSuffix("rotation confidence: 100 %"))
            let status = try await Self.kmictl(stage, "status")
            #expect(status.standardOutput.contains("providers  kimi: breaker open, tried again with the next request"))
        }
    }

    @Test("completes names over the bus, and is silent where there is no daemon")
    func completesNames() async throws {
        try await ControlStage.with { (stage) async throws in
            func completed(_ place: String..., line: String) async throws -> FinishedProcess {
                let words = line.split(separator: " ").map(String.init)
                return try await FinishedProcess.run(
                    BuildProducts.path(of: "kmictl"),
                    arguments: ["---completion"] + place + ["\(words.count)", "0"] + words + [""],
                    environment: Self.environment())
            }
            let address = try Self.address(of: stage)
            // It waits for half a second only, which a busy machine may need for less.
            try await eventually("the keys are told", within: .seconds(30)) {
                let keys = try await completed(
                    "keys", "show", "--", "positional@0", line: "kmictl keys --address \(address) show")
                #expect(keys.isSuccess && ["", "alpha"].contains(keys.standardOutput) && keys.standardError.isEmpty)
                return keys.standardOutput == "alpha"
            }
            try await eventually("the providers are told", within: .seconds(30)) {
                let provider = try await completed(
                    "rotate", "--", "--provider", line: "kmictl rotate --address=\(address) --provider")
                return provider.standardOutput == "kimi"
            }
            let nowhere = try await completed(
                "keys", "show", "--", "positional@0", line: "kmictl keys --address unix:path=/nonexistent/bus show")
            #expect(nowhere.isSuccess && nowhere.standardOutput.isEmpty && nowhere.standardError.isEmpty)
            let unknown = try await completed("colours", "--", "positional@0", line: "kmictl colours")
            #expect(unknown.standardOutput.isEmpty && unknown.standardError.isEmpty)
        }
    }

    @Test("takes a secret from a file and a token from a descriptor")
    func passesSecrets() async throws {
        try await ControlStage.with { (stage) async throws in
            try await TemporaryDirectory.with { (directory) async throws in
                let file = try directory.write("key", "sk-planted\n")
                let fromFile = try await Self.kmictl(
                    stage, "keys", "add", "beta", "--provider", "kimi", "--secret-file", file)
                #expect(fromFile.isSuccess, "\(fromFile)")
                #expect(stage.plane.with { $0.secret } == "sk-planted")
                let fromInput = try await Self.kmictl(stage, "keys", "add", "gamma", "--provider", "kimi", input: file)
                #expect(fromInput.isSuccess, "\(fromInput)")
                let token = try await Self.kmictl(stage, "clients", "create", "laptop")
                #expect(token.standardOutput == "kmi_token")
                #expect(token.standardError.isEmpty)
            }
        }
    }

    @Test("tells usage and prices over the bus, and passes a price table on as a descriptor (A-028)")
    func tellsUsageAndPassesPrices() async throws {
        try await ControlStage.with { (stage) async throws in
            let usage = try await Self.kmictl(stage, "usage", "--by", "model,day", "--csv")
            #expect(
                usage.standardOutput.contains("kimi-k2,2026-01-01,12,1,2,3,4,5,123456789,0.000123456789,6,7"),
                "\(usage)")
            #expect(stage.plane.with { $0.usageQuery?.by } == [.model, .day])
            try await TemporaryDirectory.with { (directory) async throws in
                let file = try directory.write("prices.json", "{\"k2\": {}}\n")
                let fromFile = try await Self.kmictl(stage, "prices", "import", file, "-q")
                #expect(fromFile.isSuccess, "\(fromFile)")
                #expect(stage.plane.with { String(decoding: $0.imported, as: UTF8.self) } == "{\"k2\": {}}\n")
                stage.plane.with { $0.imported = [] }
                let fromInput = try await Self.kmictl(stage, "prices", "import", "-", input: file)
                #expect(fromInput.isSuccess, "\(fromInput)")
                #expect(stage.plane.with { $0.imported.count } == 11)
            }
            // A device is no file.
            #expect(try await Self.kmictl(stage, "prices", "import", "-").status == .exited(64))
        }
    }

    @Test("ends with the statuses of the contract")
    func endsWithStatus() async throws {
        try await ControlStage.with { (stage) async throws in
            #expect(try await Self.kmictl(stage, "keys", "show", "omega").status == .exited(3))
            #expect(try await Self.kmictl(stage, "frob").status == .exited(64))
            stage.plane.with { $0.fault = ControlFault(.notAllowed, "beta is in kmi.toml") }
            let refused = try await Self.kmictl(stage, "keys", "remove", "alpha")
            #expect(refused.status == .exited(1))
            #expect(
                refused.standardError
                    == "kmictl: beta is in kmi.toml. kmictl keys disable alpha takes it out of use.")
        }
        try await ControlStage.with(ownUserID: 4_000_000) { (stage) async throws in
            #expect(try await Self.kmictl(stage, "status").status == .exited(4))
        }
    }

    @Test(
        "ends with 8 and a JSON document without a daemon or a bus (X-061)", arguments: ["status", "keys", "metrics"])
    func reportsMissingDaemon(command: String) async throws {
        try await PrivateBus.with { (bus) async throws in
            for address in [bus.address, "unix:path=/nonexistent/bus"] {
                let result = try await FinishedProcess.run(
                    BuildProducts.path(of: "kmictl"),
                    arguments: [command, "--json", "--address", address],
                    environment: Self.environment())
                #expect(result.status == .exited(8))
                let document =
                    try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8))
                    as? [String: [String: String]]
                #expect(document?["error"]?["code"] == "unreachable")
            }
        }
        let result = try await FinishedProcess.run(
            BuildProducts.path(of: "kmictl"), arguments: [command], environment: Self.environment())
        #expect(result.status == .exited(8))
        #expect(result.standardError.contains("Is kmid running?"))
    }

    @Test("follows until it is told to end, and ends well", arguments: [SIGINT, SIGTERM])
    func followsUntilASignal(signal: Int32) async throws {
        try await ControlStage.with { (stage) async throws in
            try await ChildProcess.with(
                BuildProducts.path(of: "kmictl"),
                arguments: ["requests", "--follow", "--json", "--address", Self.address(of: stage)],
                environment: Self.environment()
            ) { (process) async throws in
                try await eventually("it has subscribed") { stage.service.hasSubscribers }
                stage.service.requestFinished(Samples.row)
                try await eventually("the row is printed") { process.lines(.standardOutput).count == 1 }
                process.send(signal)
                #expect(try await process.waitForExit() == .exited(0))
                #expect(process.text(.standardError).isEmpty)
            }
            try await eventually("nobody is subscribed") { !stage.service.hasSubscribers }
        }
    }

    @Test func isQuietWhenItsReaderIsGone() async throws {
        try await ControlStage.with { (stage) async throws in
            let result = try await FinishedProcess.run(
                "/bin/bash",
                arguments: [
                    "-c", "set -o pipefail; \"$0\" metrics --address \"$1\" | true; echo ${PIPESTATUS[0]}",
                    BuildProducts.path(of: "kmictl"), Self.address(of: stage),
                ],
                environment: Self.environment())
            // 141: ended by SIGPIPE; 0: had written before the reader was gone.
            #expect(["141", "0"].contains(result.standardOutput))
            #expect(result.standardError.isEmpty)
        }
    }
}
