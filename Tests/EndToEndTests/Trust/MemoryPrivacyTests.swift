import Foundation
import TestSupport
import Testing

@Suite("What the daemon holds in its memory stays there (K-009)", .serialized, .timeLimit(.minutes(5)))
struct MemoryPrivacyTests {
    private static let secret = "sk-sim-environment-0123456789abcdef"

    private static func configuration(_ simulator: SimulatorProcess) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator, keys: [])
        configuration.appendix = """
            [[key]]
            label = "alpha"
            provider = "sim"
            secret = "env:TEST_SECRET"
            """
        return configuration
    }

    @Test("a secret of the environment is gone from there once it is read, and serves on, also after a reload")
    func environment() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(
                Self.configuration(simulator), environment: ["TEST_SECRET": Self.secret, "TEST_OTHER": "stays"]
            ) { daemon in
                for isAfterReload in [false, true] {
                    if isAfterReload {
                        daemon.process.send(SIGHUP)
                        try await daemon.waitForNotification("READY=1")
                    }
                    #expect(try await daemon.client().chat().status == 200)
                    let block = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(daemon.process.pid)/environ"))
                    #expect(block.range(of: Data("TEST_OTHER=stays".utf8)) != nil)
                    #expect(block.range(of: Data("TEST_SECRET=".utf8)) != nil)
                    #expect(block.range(of: Data(Self.secret.utf8)) == nil)
                }
                #expect(try await simulator.statistics().keys[Self.secret]?.requests == 2)
            }
        }
    }

    @Test("its limit for core dumps is zero, hard as well")
    func coreLimit() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let limits = try String(contentsOfFile: "/proc/\(daemon.process.pid)/limits", encoding: .utf8)
                let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
                #expect(line.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
            }
        }
    }

    /// A daemon of another user, whose files below `/proc` are root's if it is not dumpable (proc(5)), and a process of that user that tries to look into it.
    private static let script = """
        export HOME="$1" XDG_RUNTIME_DIR="$1"
        sleep 60 & plain=$!
        "$0" run --config "$1/kmi.toml" --state-dir "$1/state" --bus none 2>"$1/log" & daemon=$!
        for i in $(seq 300); do grep -q '"message":"listening"' "$1/log" && break; sleep 0.1; done
        for process in $plain $daemon; do
            for file in environ mem maps fd exe; do
                if [ $file = fd ]; then ls /proc/$process/fd >/dev/null 2>&1
                elif [ $file = exe ]; then readlink /proc/$process/exe >/dev/null 2>&1
                else head -c 0 /proc/$process/$file 2>/dev/null; fi && echo "$process $file" | sed "s/$plain/plain/;s/$daemon/daemon/"
            done
            echo "$process owner $(stat -c %u /proc/$process/environ)" | sed "s/$plain/plain/;s/$daemon/daemon/"
        done
        kill $daemon; wait $daemon; echo "ended $?"
        kill $plain
        """

    @Test(
        "no other process of the same user reads its memory, its environment and its descriptors",
        .enabled(if: OtherUser.isAvailable, "root and setpriv are needed to be two users"))
    func sameUser() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(DaemonConfiguration(simulator), to: directory)
                let files = FileManager.default
                try files.copyItem(atPath: BuildProducts.path(of: "kmid"), toPath: directory.path("kmid"))
                for name in ["", "kmi.toml", "client.token", "alpha.key", "kmid"] {
                    let path = name.isEmpty ? directory.path : directory.path(name)
                    try files.setAttributes(
                        [.posixPermissions: name == "kmid" || name.isEmpty ? 0o700 : 0o600], ofItemAtPath: path)
                    #expect(chown(path, OtherUser.id, OtherUser.id) == 0)
                }
                let result = try await OtherUser.run(
                    "/bin/sh", arguments: ["-c", Self.script, directory.path("kmid"), directory.path],
                    environment: ["PATH": "/usr/bin:/bin"])
                let lines = result.standardOutput.split(separator: "\n").map(String.init)
                // What such a process can do with one that takes no measures: or else nothing would follow.
                for file in ["environ", "mem", "maps", "fd", "exe"] {
                    #expect(lines.contains("plain \(file)"), "\(lines)")
                }
                #expect(lines.contains("plain owner \(OtherUser.id)"))
                #expect(lines.filter { $0.hasPrefix("daemon") } == ["daemon owner 0"], "\(lines)")
                #expect(lines.contains("ended 0"), "\(lines) \(result.standardError)")
            }
        }
    }
}
