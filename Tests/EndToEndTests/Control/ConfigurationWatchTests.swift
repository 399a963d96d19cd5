import Foundation
import TestSupport
import Testing

@Suite("Changed configuration files are read by themselves (T-034, T-014)", .timeLimit(.minutes(5)))
struct ConfigurationWatchTests {
    /// A daemon that nobody tells of changes, with what its log says of them.
    private struct Watched {
        let daemon: DaemonProcess
        let simulator: SimulatorProcess

        /// The text of the configuration, with so many attempts at most.
        func text(_ attempts: Int) -> String {
            var configuration = DaemonConfiguration(self.simulator)
            configuration.tables["retry"] = "max_attempts = \(attempts)"
            return configuration.text
        }

        /// How many lines of the log tell of an event.
        func count(_ event: String) -> Int {
            self.daemon.process.lines(.standardError).count { $0.contains("\"event\":\"\(event)\"") }
        }

        /// Waits until the log tells of the so-manieth event.
        func wait(for event: String, count: Int) async throws {
            // Each line is handed over once: those before have been.
            _ = try await self.daemon.process.firstMatch(on: .standardError, "\(event) no. \(count)") { _ in
                self.count(event) >= count ? true : nil
            }
        }
    }

    private static func with(_ body: (Watched) async throws -> Void) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(
                DaemonConfiguration(simulator), environment: ["KMI_CONTROL_WATCH": "true"]
            ) { daemon in
                try await body(Watched(daemon: daemon, simulator: simulator))
            }
        }
    }

    @Test("a save in place, a rename, a link that leads elsewhere and a new fragment are one reload each")
    func readsEachChangeOnce() async throws {
        try await Self.with { watched in
            let directory = watched.daemon.directory
            let (files, path) = (FileManager.default, watched.daemon.configurationPath)

            // In place, in several pieces, as an editor may.
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.truncate(atOffset: 0)
            let text = Data(watched.text(5).utf8)
            try handle.write(contentsOf: text.prefix(40))
            try handle.synchronize()
            try handle.write(contentsOf: text.dropFirst(40))
            try handle.close()
            try await watched.wait(for: "config_reloaded", count: 1)

            // Another file in its place; the old one is kept beside it, as editors do.
            try directory.write("kmi.toml.new", watched.text(6))
            try files.moveItem(atPath: path, toPath: path + "~")
            #expect(rename(path + ".new", path) == 0)
            try await watched.wait(for: "config_reloaded", count: 2)

            // A link, and then what stands behind a second one changes.
            try directory.write("versions/1/kmi.toml", watched.text(7))
            try directory.write("versions/2/kmi.toml", watched.text(8))
            try files.createSymbolicLink(atPath: directory.path("current"), withDestinationPath: "versions/1")
            try files.createSymbolicLink(atPath: directory.path("next"), withDestinationPath: "current/kmi.toml")
            #expect(rename(directory.path("next"), path) == 0)
            try await watched.wait(for: "config_reloaded", count: 3)
            try files.createSymbolicLink(atPath: directory.path("swap"), withDestinationPath: "versions/2")
            #expect(rename(directory.path("swap"), directory.path("current")) == 0)
            try await watched.wait(for: "config_reloaded", count: 4)
            try directory.write("versions/2/kmi.toml", watched.text(9))
            try await watched.wait(for: "config_reloaded", count: 5)

            // A fragment in a directory that was not there.
            try directory.write("kmi.toml.d/10-more.toml", "[retry]\ndeadline = \"20s\"\n")
            try await watched.wait(for: "config_reloaded", count: 6)

            // Nothing was read twice: one more change is one more reload, and they are told in their order.
            try directory.write("kmi.toml.d/10-more.toml", "[retry]\ndeadline = \"21s\"\n")
            try await watched.wait(for: "config_reloaded", count: 7)
            #expect(watched.count("config_changed") == 7)
            #expect(watched.count("config_reloaded") == 7)
        }
    }

    @Test("an invalid file leaves in force what was, is told once, and the next good one is used")
    func keepsWhatWasWhereAFileIsInvalid() async throws {
        try await Self.with { watched in
            let directory = watched.daemon.directory
            try directory.write("kmi.toml", watched.text(5) + "\n[sever]\nlisten = 3\n")
            try await watched.wait(for: "reload_rejected", count: 1)
            let response = try await watched.daemon.client().chat()
            #expect(response.status == 200)
            #expect(watched.count("config_reloaded") == 0)
            try directory.write("kmi.toml", watched.text(6))
            try await watched.wait(for: "config_reloaded", count: 1)
            #expect(watched.count("reload_rejected") == 1)
            let failures = try await watched.daemon.metric("kmi_job_failures_total", ["job": "config_watch"])
            #expect(failures == 1)
            // It is set behind the line of the log.
            try await eventually("the job's last success is told") {
                let last = try await watched.daemon.metric(
                    "kmi_job_last_success_timestamp_seconds", ["job": "config_watch"])
                return abs(last - Date().timeIntervalSince1970) < 120
            }
        }
    }

    @Test("what somebody has asked to be read is not read again")
    func doesNotReadTwice() async throws {
        try await Self.with { watched in
            let directory = watched.daemon.directory
            try directory.write("kmi.toml", watched.text(5))
            watched.daemon.process.send(SIGHUP)
            try await watched.wait(for: "config_reloaded", count: 1)
            // A comment changes the file, and nothing else.
            try directory.write("kmi.toml", "# the same\n" + watched.text(5))
            try await watched.wait(for: "config_reloaded", count: 2)
            #expect(watched.count("config_changed") == 1)
        }
    }
}
