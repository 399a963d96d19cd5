import Foundation
import Glibc
import TestSupport
import Testing

@Suite("What the service manager is told (A-017, K-028)", .serialized, .timeLimit(.minutes(5)))
struct ServiceStatusTests {
    /// Waits for a message that has a line, and returns all messages up to it, each as its lines.
    private static func messages(
        _ daemon: DaemonProcess, until isLast: @escaping @Sendable (String) -> Bool,
        within limit: Duration = .seconds(20)
    ) async throws -> [[String]] {
        let notifications = daemon.notifications
        return try await onOwnThread {
            let deadline = Deadline.after(limit)
            var messages: [[String]] = []
            while let lines = try notifications.receive(within: deadline.remaining) {
                messages.append(lines)
                if lines.contains(where: isLast) { return messages }
            }
            throw TestFailure("the message has not come; those that came: \(messages)\n\(daemon.process.report)")
        }
    }

    @Test("the status follows the keys: one that rests, when it comes back, and that it is back")
    func statusFollowsKeys() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
            configuration.tables["cooldown"] = "rate_limited = [\"2s\"]"
            try await DaemonProcess.with(configuration) { daemon in
                let limited = try await daemon.client().chat(
                    model: "sim-status-429", fields: [("X-KMI-Key", "alpha")])
                #expect(limited.status == 429)
                let down = try await Self.messages(daemon) { $0.hasPrefix("STATUS=1 of 2 keys usable") }
                let line = down.last?.first ?? ""
                #expect(line.contains(", next at ") || line.contains(", next on "))
                // It comes back by itself, while nobody asks for anything.
                let up = try await Self.messages(daemon) { $0 == "STATUS=2 of 2 keys usable" }
                // A status alone says nothing of a start or an end.
                for message in down + up { #expect(message.count == 1) }
            }
        }
    }

    @Test("READY=1 tells the status, and is said once the listeners are open and the keys are there")
    func ready() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma"])
                try DaemonProcess.write(configuration, to: directory)
                let socket = try NotifySocket(at: directory.path("manager"))
                let command = try BuildProducts.path(of: "kmid")
                try await ChildProcess.with(
                    command,
                    arguments: [
                        "run", "--config", directory.path("kmi.toml"), "--state-dir", directory.path("state"), "--bus",
                        "none",
                    ],
                    environment: [
                        "HOME": directory.path, "XDG_RUNTIME_DIR": directory.path, "PATH": "/usr/bin:/bin",
                        "NOTIFY_SOCKET": socket.path,
                    ]
                ) { process in
                    let first = try await onOwnThread { try socket.receive(within: .seconds(20)) }
                    #expect(first == ["READY=1", "STATUS=3 of 3 keys usable"], "\(process.report)")
                    let log = process.text(.standardError)
                    #expect(log.contains("\"listening\""))
                }
            }
        }
    }

    @Test("a SIGHUP that comes while the daemon starts is met once it runs, with what the files hold by then (T-014)")
    func reloadDuringStart() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(DaemonConfiguration(simulator, keys: ["alpha"]), to: directory)
                let manager = try NotifySocket(at: directory.path("manager"))
                // A bus that never answers holds the start up for a moment, after the configuration has been read.
                let bus = try HeldSocket("bus", unix: directory.path("bus"))
                try await ChildProcess.with(
                    BuildProducts.path(of: "kmid"),
                    arguments: [
                        "run", "--config", directory.path("kmi.toml"), "--state-dir", directory.path("state"), "--bus",
                        "unix:path=" + directory.path("bus"),
                    ],
                    environment: [
                        "HOME": directory.path, "XDG_RUNTIME_DIR": directory.path, "PATH": "/usr/bin:/bin",
                        "NOTIFY_SOCKET": manager.path, "KMI_CONTROL_WATCH": "false",
                    ]
                ) { process in
                    try await onOwnThread {
                        let descriptor = bus.duplicate()
                        defer { close(descriptor) }
                        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                        let ready = poll(&entry, 1, 20_000)
                        #expect(ready == 1)
                    }
                    try DaemonProcess.write(DaemonConfiguration(simulator, keys: ["alpha", "beta"]), to: directory)
                    process.send(SIGHUP)
                    let told = try await onOwnThread {
                        let deadline = Deadline.after(.seconds(20))
                        while let lines = try manager.receive(within: deadline.remaining) {
                            if lines.contains(where: { $0.hasPrefix("STATUS=2 of 2 keys usable") }) { return true }
                        }
                        return false
                    }
                    #expect(told, "\(process.report)")
                }
            }
        }
    }

    @Test("the end: STOPPING=1 first, then what is left, with more time asked for again and again")
    func stopping() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            // How long the stream is held is for the messages to say.
            configuration.tables["server.timeouts"] = "drain = \"90s\""
            try await DaemonProcess.with(configuration) { daemon in
                // More than the buffers on the way take: it lasts until it is read.
                let stream = HeldStream(try daemon.client(), model: "sim-events-1024-bytes-16384", key: "alpha")
                try await stream.waitForBegin()
                daemon.process.send(SIGTERM)
                var messages: [[String]] = []
                for _ in 0..<3 {
                    messages += try await Self.messages(daemon) { $0 == "STATUS=Draining, 1 request left" }
                }
                #expect(try await stream.finish().contains("[DONE]"))
                messages += try await Self.messages(daemon) { $0 == "STATUS=Saving the state" }
                #expect(try await daemon.process.waitForExit() == .exited(0))
                let first = messages.firstIndex { $0.contains("STOPPING=1") }
                #expect(first == 0)
                #expect(messages.count { $0.contains("STOPPING=1") } == 1)
                #expect(messages.first?.contains("STATUS=Draining, 1 request left") == true)
                for message in messages {
                    let extended = message.first { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") }?.split(separator: "=").last
                    #expect(extended.flatMap { Int($0) }.map { $0 >= 5_000_000 } == true)
                }
                #expect(!messages.joined().contains("READY=1"))
            }
        }
    }
}
