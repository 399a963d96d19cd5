import DBusKit
import TestSupport

/// Everything that goes over a bus, as `dbus-monitor` prints it.
struct BusRecording {
    private let monitor: ChildProcess
    private let bus: PrivateBus

    /// Records for the time of a scope.
    static func with<Value>(_ bus: PrivateBus, _ body: (BusRecording) async throws -> Value) async throws -> Value {
        guard let executable = Tools.path(of: "dbus-monitor") else {
            throw TestFailure("there is no dbus-monitor; `make setup` installs it")
        }
        return try await ChildProcess.with(
            executable, arguments: ["--address", bus.address, "--monitor"], environment: ["PATH": "/usr/bin:/bin"]
        ) { monitor in
            // Its own name is taken from it when it begins to listen.
            _ = try await monitor.firstMatch(on: .standardOutput, "its begin") { $0.contains("NameLost") ? true : nil }
            return try await body(BusRecording(monitor: monitor, bus: bus))
        }
    }

    /// Everything up to now.
    func finish() async throws -> String {
        let mark = "org.example.mark\(UInt32.random(in: .min ... .max))"
        let connection = try await BusConnection.open(.address(self.bus.address), timeout: .seconds(10))
        _ = try await connection.hasOwner(BusName(mark) ?? "org.example.mark", timeout: .seconds(10))
        await connection.close()
        _ = try await self.monitor.firstMatch(on: .standardOutput, "the last call") {
            $0.contains(mark) ? true : nil
        }
        return self.monitor.text(.standardOutput)
    }

    /// Whether a text is in what was recorded: as text, or as an array of bytes, which is printed in hexadecimal digits or
    /// as text.
    static func holds(_ recorded: String, _ text: String) -> Bool {
        let digits = text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let flat = recorded.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        return recorded.contains(text) || flat.contains(digits.joined(separator: " "))
    }
}
