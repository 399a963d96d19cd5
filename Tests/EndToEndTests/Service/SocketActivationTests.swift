import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite("Socket activation (A-017)", .serialized, .timeLimit(.minutes(5)))
struct SocketActivationTests {
    private static let activate = Tools.path(of: "systemd-socket-activate")

    /// What the log tells of a listener.
    private struct OpenedListener: Decodable {
        var listener: String
        var address: String
        var passed: String?

        init?(_ line: String) {
            do { self = try JSONDecoder().decode(Self.self, from: Data(line.utf8)) } catch { return nil }
        }
    }

    @Test(
        "the first connection starts the daemon, which serves data, Unix and admin sockets by their names",
        .enabled(if: activate != nil, "systemd-socket-activate is not installed"))
    func activation() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                // An address of the test's own: the program takes no port 0.
                let host = "127.\(Int.random(in: 64...127)).\(Int.random(in: 1...254)).\(Int.random(in: 1...254))"
                let configuration = DaemonConfiguration(simulator)
                try DaemonProcess.write(configuration, to: directory)
                let launcher =
                    [
                        try #require(Self.activate), "--listen=\(host):7878",
                        "--listen=\(directory.path("proxy.sock"))",
                        "--listen=\(host):7879", "--fdname=kmid.socket:proxy:admin",
                    ]
                    + ["NOTIFY_SOCKET", "XDG_RUNTIME_DIR", "KMI_CONTROL_WATCH", "LANG"].map { "--setenv=\($0)" }
                let client = RawHTTPClient(
                    .tcp(host: host, port: 7878), fields: [("Authorization", "Bearer \(configuration.token)")])
                // Nobody listens at first; from then on the connection waits for the daemon.
                let first = Task {
                    var answer: RawHTTPResponse?
                    try await eventually("somebody listens", within: .seconds(20)) {
                        do { answer = try await client.chat() } catch { return false }
                        return true
                    }
                    return try #require(answer)
                }
                try await DaemonProcess.with(in: directory, token: configuration.token, launcher: launcher) { daemon in
                    #expect(try await first.value.status == 200)
                    let lines = daemon.process.lines(.standardError).filter { $0.contains("\"passed\"") }
                    #expect(lines.count == 3)
                    #expect(lines.contains { $0.contains("\"passed\":\"proxy\"") && $0.contains("proxy.sock") })
                    let unix = RawHTTPClient(.unix(path: directory.path("proxy.sock")))
                    // The same user needs no token there.
                    #expect(try await unix.chat().status == 200)
                    let admin = RawHTTPClient(.tcp(host: host, port: 7879))
                    #expect(try await admin.get("/healthz").status == 200)
                    #expect(try await client.get("/healthz").status == 404)
                    let metrics = MetricsText(try await admin.get("/metrics").text)
                    for address in ["\(host):7878", "\(host):7879", "unix:\(directory.path("proxy.sock"))"] {
                        #expect(metrics.sum("kmi_listener_info", ["listener": address]) == 1)
                    }
                    // No program that the daemon should ever start gets one of them.
                    for descriptor in 3...5 {
                        let path = "/proc/\(daemon.process.pid)/fdinfo/\(descriptor)"
                        let flags = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
                            .first { $0.hasPrefix("flags:") }?.split(separator: "\t").last
                        #expect(Int(flags ?? "0", radix: 8).map { $0 & 0o2000000 } == 0o2000000)
                    }
                }
            }
        }
    }

    @Test("the sockets are in the manager's status, and configured listeners that were not passed are opened")
    func besideConfigured() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let socket = try HeldSocket("kmid.socket")
                    let configuration = DaemonConfiguration(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    try await DaemonProcess.with(
                        in: directory, token: configuration.token, bus: bus.address, sockets: [socket]
                    ) { daemon in
                        let status = try await Steering(bus: bus.address).run(["status"]).standardOutput
                        #expect(status.contains("http://\(socket.address)"))
                        let opened = daemon.process.lines(.standardError).compactMap(OpenedListener.init)
                        let told = try #require(opened.first { $0.listener == "data" && $0.passed == nil })
                        let own = try HTTPAddress(told.address)
                        #expect(status.contains("http://\(own)"))
                        #expect(own != socket.address)
                        for address in [socket.address, own] {
                            let client = RawHTTPClient(
                                address, fields: [("Authorization", "Bearer \(configuration.token)")])
                            #expect(try await client.chat().status == 200)
                        }
                    }
                }
            }
        }
    }

    @Test(
        "an admin socket is not served where server.admin_listen is off: whoever comes is turned away, and it is told")
    func administrationOff() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let sockets = try [HeldSocket("kmid.socket"), HeldSocket("admin")]
                var configuration = DaemonConfiguration(simulator)
                configuration.tables["server"] =
                    "listen = []\nadmin_listen = \"off\"\nsocket = \"\(directory.path("s"))\"\n"
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(in: directory, token: configuration.token, sockets: sockets) { daemon in
                    let closed = try await onOwnThread {
                        try RawHTTPClient(sockets[1].address).connect().isClosedByServer(within: .seconds(10))
                    }
                    #expect(closed)
                    #expect(daemon.process.text(.standardError).contains("socket_unserved"))
                    #expect(try await daemon.client().chat().status == 200)
                }
            }
        }
    }

    @Test("a passed Unix socket that the configuration names by a link is that of the configuration")
    func throughLink() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                _ = try directory.makeDirectory("real")
                try FileManager.default.createSymbolicLink(atPath: directory.path("link"), withDestinationPath: "real")
                let sockets = try [HeldSocket("kmid.socket", unix: directory.path("real/s"))]
                var configuration = DaemonConfiguration(simulator)
                configuration.tables["server"] =
                    "listen = [\"127.0.0.1:0\"]\nsocket = \"\(directory.path("link/s"))\"\n"
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(in: directory, token: configuration.token, sockets: sockets) { daemon in
                    #expect(try daemon.address("socket") == sockets[0].address)
                    let answer = try await RawHTTPClient(sockets[0].address).chat()
                    #expect(answer.status == 200)
                }
            }
        }
    }

    @Test(
        "a start that fails takes nobody out of the queue of a passed socket, who is answered by the next one (K-028)")
    func failedStart() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let held = try HeldSocket("kmid.socket")
                let taken = try HeldSocket("taken")
                var configuration = DaemonConfiguration(simulator)
                configuration.tables["server"] =
                    "listen = [\"\(held.address)\", \"\(taken.address)\"]\nsocket = \"off\"\nadmin_listen = \"off\"\n"
                try DaemonProcess.write(configuration, to: directory)
                let client = RawHTTPClient(
                    held.address, fields: [("Authorization", "Bearer \(configuration.token)")], limit: .seconds(60))
                let hasAsked = Atomic(false)
                let answer = Task {
                    try await onOwnThread {
                        let connection = try client.connect()
                        // No daemon can be done with it before it finds that it cannot start.
                        try connection.write(Chat.request(client, model: "sim-events-10-delay-100", stream: true))
                        hasAsked.store(true, ordering: .relaxed)
                        return try connection.readResponse(to: "POST").text
                    }
                }
                try await eventually("somebody waits") { hasAsked.load(ordering: .relaxed) }
                await #expect(throws: TestFailure.self) {
                    try await DaemonProcess.with(in: directory, token: configuration.token, sockets: [held]) { _ in }
                }
                configuration.tables["server"] =
                    "listen = [\"\(held.address)\"]\nsocket = \"off\"\nadmin_listen = \"off\"\n"
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(in: directory, token: configuration.token, sockets: [held]) { _ in
                    let text = try await answer.value
                    #expect(text.contains("[DONE]"))
                }
                withExtendedLifetime(taken) {}
            }
        }
    }

    @Test("a passed socket that its holder ends is told, and the daemon is not ready any more")
    func endedSocket() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let socket = try HeldSocket("kmid.socket")
                let configuration = DaemonConfiguration(simulator)
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(in: directory, token: configuration.token, sockets: [socket]) { daemon in
                    let before = try await daemon.admin().get("/readyz").status
                    #expect(before == 200)
                    let descriptor = socket.duplicate()
                    defer { close(descriptor) }
                    let code = shutdown(descriptor, Int32(SHUT_RDWR))
                    #expect(code == 0)
                    let line = try await daemon.process.firstMatch(
                        on: .standardError, within: .seconds(20), "the listener that is lost"
                    ) { $0.contains("listener_lost") ? $0 : nil }
                    #expect(line.contains("\(socket.address)"))
                    let after = try await daemon.admin().get("/readyz").status
                    #expect(after == 503)
                }
            }
        }
    }

    @Test("a place that somebody has ends the start, which names who that is (X-010)", arguments: [false, true])
    func takenPlace(isUnix: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            let held = try HeldSocket("other", unix: isUnix ? directory.path("taken") : nil)
            defer { withExtendedLifetime(held) {} }
            let result = try await DaemonProcess.run(
                configuration: """
                    [server]
                    listen = ["\(held.address)"]
                    socket = "off"
                    admin_listen = "off"

                    """)
            #expect(result.status == .exited(1))
            #expect(result.standardError.contains("listen_failed"))
            #expect(result.standardError.contains("process \(getpid())"))
        }
    }

    @Test(
        "what cannot be listened on ends the start like a listener that cannot be opened, naming the descriptor (X-010)"
    )
    func unusable() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write(
                "kmi.toml", "[server]\nlisten = [\"127.0.0.1:0\"]\nsocket = \"off\"\nadmin_listen = \"off\"\n")
            let kmid = try BuildProducts.path(of: "kmid")
            let result = try await FinishedProcess.run(
                "/bin/sh",
                arguments: [
                    "-c", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=odd exec \"$0\" \"$@\" 3</dev/null", kmid, "run",
                    "--config", directory.path("kmi.toml"), "--state-dir", directory.path("state"), "--bus", "none",
                ], environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"])
            #expect(result.status == .exited(1))
            #expect(result.standardError.contains("listen_failed"))
            #expect(result.standardError.contains("descriptor 3") && result.standardError.contains("odd"))
            #expect(result.standardError.contains("not a socket"))
        }
    }
}
