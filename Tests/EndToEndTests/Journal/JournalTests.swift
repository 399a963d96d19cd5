import Foundation
import TestSupport
import Testing

/// `kmid` with its log in a real journal, which runs in a namespace of its own.
@Suite(
    "The log in the journal", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: JournalDaemon.missing == nil, "\(JournalDaemon.missing ?? "")"))
struct JournalTests {
    /// Runs a daemon whose standard error is a stream of the journal, with keys `alpha` and `beta`, on a bus.
    private static func withDaemon(
        in directory: TemporaryDirectory, _ journal: JournalDaemon, log: String = "",
        scenario: String = Scenarios.alphaLimitedOnce,
        _ body: (DaemonProcess, Steering) async throws -> Void
    ) async throws {
        try await PrivateBus.with { bus in
            try await SimulatorProcess.with(scenario: scenario) { simulator in
                var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
                configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
                configuration.tables["log"] = log
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(
                    in: directory, token: configuration.token, bus: bus.address, launcher: journal.streaming,
                    listeners: journal.listeners
                ) { daemon in
                    try await body(daemon, Steering(bus: bus.address))
                }
            }
        }
    }

    @Test("`journalctl KMI_KEY=alpha` shows what concerns a key, with the fields of the contract (T-030, A-018)")
    func hasFields() async throws {
        try await JournalDaemon.with { journal in
            try await journal.running {
                try await TemporaryDirectory.with { directory in
                    try await Self.withDaemon(in: directory, journal) { daemon, _ in
                        for _ in 0..<3 { #expect(try await daemon.client().chat().status == 200) }
                        let failed = try await journal.entry("KMI_KEY=alpha", "KMI_EVENT=attempt_failed")
                        #expect(failed["KMI_CLASS"] == "provider_rate_limited" && failed["KMI_PROVIDER"] == "sim")
                        #expect(failed["PRIORITY"] == "5" && failed["SYSLOG_IDENTIFIER"] == "kmid")
                        #expect(failed["MESSAGE_ID"] == "8236b0d956c6522b84630f90802168fb")
                        #expect(failed["_TRANSPORT"] == "journal")
                        #expect(failed["CODE_FILE"] == "Gateway/RequestFlow+Forward.swift")
                        #expect(failed["CODE_FUNC"]?.hasPrefix("logFailure(") == true)
                        #expect(failed["CODE_LINE"].flatMap { Int($0) } ?? 0 > 0)
                        #expect(
                            failed["MESSAGE"]?.hasPrefix("attempt failed attempt=1 class=provider_rate_limited") == true
                        )
                        // The whole life of that request, by its id.
                        let id = try #require(failed["KMI_REQUEST_ID"])
                        let request = try await journal.entry("KMI_REQUEST_ID=\(id)", "KMI_EVENT=request")
                        #expect(request["KMI_KEY"] == "beta" && request["KMI_STATUS"] == "200")
                        #expect(request["PRIORITY"] == "6")
                        // The state of the key is told as well, and of the other key nothing is among it.
                        try await journal.entry("KMI_KEY=alpha", "KMI_EVENT=key_state")
                        #expect(try await journal.entries("KMI_KEY=alpha").allSatisfy { $0["KMI_KEY"] == "alpha" })
                        // Nothing came over the stream that ought to have come as an entry.
                        #expect(try await journal.entries("_TRANSPORT=stdout").isEmpty)
                    }
                }
            }
        }
    }

    @Test("`journalctl -x` explains an entry, with its own data, and says what to do (L-014)")
    func isExplained() async throws {
        try await JournalDaemon.with { journal in
            try await journal.running {
                try await TemporaryDirectory.with { directory in
                    try await Self.withDaemon(in: directory, journal) { daemon, steering in
                        for _ in 0..<3 { _ = try await daemon.client().chat() }
                        try await journal.entry("KMI_KEY=alpha", "KMI_EVENT=key_state")
                        let explained = try await journal.explained("KMI_KEY=alpha", "KMI_EVENT=key_state")
                        for line in [
                            "░░ Subject: A key, or a key for one model, has changed its state", "░░ Defined-By: kmid",
                            "░░   key: alpha", "░░   new: cooling", "░░ What to do: See reason: keys (docs/keys.md).",
                            "░░ All entries about this key: journalctl KMI_KEY=alpha",
                        ] {
                            #expect(explained.split(separator: "\n").contains { $0 == line }, "\(line)\n\(explained)")
                        }
                        // Of a background job.
                        #expect(try await steering.run(["keys", "probe", "alpha"]).status != .exited(64))
                        try await journal.entry("KMI_EVENT=key_checked", "KMI_KEY=alpha")
                        let job = try await journal.explained("KMI_EVENT=key_checked", "KMI_KEY=alpha")
                        #expect(job.contains("░░ Subject: A provider was asked whether it takes a key"))
                    }
                }
            }
        }
    }

    @Test("an error is one entry with its priority, id and place; the level changes at run time (T-030, A-018, K-042)")
    func tellsErrors() async throws {
        try await JournalDaemon.with { journal in
            try await journal.running {
                try await TemporaryDirectory.with { directory in
                    try await Self.withDaemon(in: directory, journal) { daemon, steering in
                        let target = try await FinishedProcess.run(
                            "/usr/bin/busctl",
                            arguments: [
                                "--address=\(steering.bus)", "get-property", "org.kmi.Proxy1",
                                "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1", "LogTarget",
                            ], environment: ["PATH": "/usr/bin:/bin"])
                        #expect(target.standardOutput == "s \"journal\"")
                        try daemon.directory.write("kmi.toml", "[log]\nlevel = \"loud\"\n")
                        daemon.process.send(SIGHUP)
                        let error = try await journal.entry("KMI_EVENT=reload_rejected", "PRIORITY=3")
                        #expect(
                            error["MESSAGE_ID"]?.utf8.count == 32 && error["CODE_FILE"]?.hasPrefix("Daemon/") == true)
                        #expect(error["KMI_PROBLEM"]?.contains("log.level") == true)
                        // What goes on is told at debug only, and shows when that is asked for.
                        #expect(try await journal.entries("PRIORITY=7").isEmpty)
                        try await steering.succeed("log-level", "debug")
                        let changed = try await journal.entry("KMI_EVENT=log_level_changed")
                        #expect(changed["KMI_TO"] == "debug" && changed["PRIORITY"] == "5")
                        let stranger = try daemon.stranger()
                        for _ in 0..<2 { #expect(try await stranger.chat().status == 401) }
                        let refused = try await journal.entry("KMI_EVENT=auth_failed", "PRIORITY=7")
                        #expect(refused["KMI_CALLER"]?.isEmpty == false)
                    }
                }
            }
        }
    }

    @Test("a cut answer names request, key and provider, and repeats of one key are limited by key (A-018)")
    func limitsByKey() async throws {
        try await JournalDaemon.with { journal in
            try await journal.running {
                try await TemporaryDirectory.with { directory in
                    let scenario = """
                        {"rules": [{"match": {"model": "cut"}, "action": {"events": 8, "cut": {"after_events": 4}}}]}
                        """
                    try await Self.withDaemon(in: directory, journal, scenario: scenario) { daemon, _ in
                        let client = try daemon.client()
                        func cut(_ key: String) async throws {
                            _ = try await client.chat(model: "cut", stream: true, fields: [("X-KMI-Key", key)])
                        }
                        for _ in 0..<14 { try await cut("alpha") }
                        try await cut("beta")
                        let beta = try await journal.entry("KMI_EVENT=stream_cut", "KMI_KEY=beta")
                        #expect(beta["KMI_PROVIDER"] == "sim" && beta["KMI_REQUEST_ID"]?.isEmpty == false)
                        #expect(beta["PRIORITY"] == "4")
                        #expect(try await journal.entries("KMI_EVENT=stream_cut", "KMI_KEY=alpha").count == 10)
                        // The line of each request is there all the same.
                        try await eventually("each request is told") {
                            try await journal.entries("KMI_EVENT=request", "KMI_KEY=alpha").count == 14
                        }
                        _ = try await daemon.process.terminate()
                        let told = try await journal.entry("KMI_EVENT=log_suppressed")
                        #expect(told["KMI_KEY"] == "alpha" && told["KMI_COUNT"] == "4")
                        #expect(told["KMI_SUPPRESSED"] == "stream_cut" && told["PRIORITY"] == "4")
                    }
                }
            }
        }
    }

    @Test("without a journal entries go to standard error with a notice, and to the journal once there is one")
    func fallsBack() async throws {
        try await JournalDaemon.with { journal in
            try await SimulatorProcess.with { simulator in
                try await TemporaryDirectory.with { directory in
                    var configuration = DaemonConfiguration(simulator)
                    configuration.tables["log"] = "format = \"journal\""
                    try DaemonProcess.write(configuration, to: directory)
                    try await DaemonProcess.with(
                        in: directory, token: configuration.token, launcher: journal.entering
                    ) { daemon in
                        let errors = daemon.process.lines(.standardError)
                        #expect(errors.first?.contains(#""event":"journal_unreachable""#) == true)
                        #expect(errors.first?.contains("No such file or directory") == true)
                        #expect(errors.count { $0.contains("journal_unreachable") } == 1)
                        #expect(try await daemon.client().chat().status == 200)
                        _ = try await daemon.process.firstMatch(on: .standardError, "the request") {
                            $0.contains(#""event":"request""#) ? true : nil
                        }
                        try await journal.running {
                            #expect(try await daemon.client().chat().status == 200)
                            try await journal.entry("KMI_EVENT=request", "SYSLOG_IDENTIFIER=kmid")
                            let again = try await journal.entry("KMI_EVENT=journal_reached")
                            #expect(again["KMI_COUNT"].flatMap { Int($0) } ?? 0 >= 3)
                        }
                    }
                }
            }
        }
    }
}
