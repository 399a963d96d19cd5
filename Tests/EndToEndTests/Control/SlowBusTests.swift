import DBusKit
import Foundation
import TestSupport
import Testing

@Suite("A bus that makes trouble", .serialized, .timeLimit(.minutes(5)))
struct SlowBusTests {
    /// Passes a bus on, but keeps the first request for a name for longer than anybody waits.
    private static let sluggish = """
        import os, socket, sys, threading, select
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1])
        listener.listen(8)
        print("listening", flush=True)
        held = []
        def pass_on(source, target, is_upwards):
            while True:
                try:
                    data = source.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    for end in (source, target):
                        try:
                            end.shutdown(socket.SHUT_RDWR)
                        except OSError:
                            pass
                    return
                if is_upwards and b"RequestName" in data and not held:
                    held.append(True)
                    # Kept until nobody waits for it any more.
                    hang_up = select.poll()
                    hang_up.register(source, select.POLLRDHUP)
                    hang_up.poll(30_000)
                try:
                    target.sendall(data)
                except OSError:
                    return
        while True:
            caller = listener.accept()[0]
            bus = socket.socket(socket.AF_UNIX)
            bus.connect(sys.argv[2])
            threading.Thread(target=pass_on, args=(caller, bus, True), daemon=True).start()
            threading.Thread(target=pass_on, args=(bus, caller, False), daemon=True).start()
        """

    @Test("a bus that keeps the request for the name delays no start, and no connection to it is left behind (K-002)")
    func leavesNoConnection() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let socket = directory.path("sluggish")
                    let proxy = try ChildProcess(
                        "/usr/bin/python3",
                        arguments: ["-c", Self.sluggish, socket, String(bus.address.dropFirst("unix:path=".count))],
                        environment: ["PATH": "/usr/bin:/bin"])
                    _ = try await proxy.firstMatch(on: .standardOutput, "that it listens") {
                        $0 == "listening" ? true : nil
                    }
                    try await DaemonProcess.with(.threeKeys(simulator), bus: "unix:path=" + socket) { daemon in
                        _ = try await daemon.servingKey()
                        let steering = Steering(bus: bus.address)
                        try await eventually("the daemon appears", within: .seconds(20)) {
                            try await steering.run(["status"]).isSuccess
                        }
                        let own = try await BusConnection.open(.address(bus.address), timeout: .seconds(5))
                        // That which the daemon is steered over, the one that listens for the desktop, and this one.
                        try await eventually("no further connection is left", within: .seconds(10)) {
                            let names = try await own.call(
                                "org.freedesktop.DBus", path: "/org/freedesktop/DBus",
                                interface: "org.freedesktop.DBus", member: "ListNames", timeout: .seconds(5))
                            guard case .array(_, let elements)? = names.first else { throw TestFailure("\(names)") }
                            return elements.compactMap(\.asString).count { $0.hasPrefix(":") } == 3
                        }
                        await own.close()
                    }
                    try await proxy.terminate()
                }
            }
        }
    }

    @Test("a daemon that comes back to find its name taken serves on, says so once, and takes it when it is free")
    func nameIsTakenMeanwhile() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let socket = directory.path("later")
                    try await DaemonProcess.with(.threeKeys(simulator), bus: "unix:path=" + socket) { daemon in
                        let other = try await BusConnection.open(.address(bus.address), timeout: .seconds(5))
                        #expect(try await other.requestName("org.kmi.Proxy1", timeout: .seconds(5)))
                        try FileManager.default.createSymbolicLink(
                            atPath: socket, withDestinationPath: String(bus.address.dropFirst("unix:path=".count)))
                        try await eventually("the daemon tells", within: .seconds(20)) {
                            daemon.process.text(.standardError).contains("\"bus_name_taken\"")
                        }
                        _ = try await daemon.servingKey()
                        await other.close()
                        try await eventually("the daemon appears", within: .seconds(40)) {
                            try await Steering(bus: bus.address).run(["status"]).isSuccess
                        }
                        let told = daemon.process.lines(.standardError).filter { $0.contains("\"bus_name_taken\"") }
                        #expect(told.count == 1)
                    }
                }
            }
        }
    }
}
