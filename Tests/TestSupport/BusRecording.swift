/// Everything that goes over a bus, as `dbus-monitor` prints it.
public struct BusRecording: Sendable {
    private let monitor: ChildProcess
    private let bus: PrivateBus

    /// Whether the programs that this needs are there.
    public static var isAvailable: Bool {
        Tools.path(of: "dbus-monitor") != nil && Tools.path(of: "dbus-send") != nil
    }

    /// Records for the time of a scope.
    public static func with<Value>(
        _ bus: PrivateBus, _ body: (BusRecording) async throws -> Value
    ) async throws -> Value {
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

    /// Everything up to now, which may be asked for again.
    public func text() async throws -> String {
        guard let executable = Tools.path(of: "dbus-send") else {
            throw TestFailure("there is no dbus-send; `make setup` installs it")
        }
        let mark = "org.example.mark\(UInt32.random(in: .min ... .max))"
        let sent = try await FinishedProcess.run(
            executable,
            arguments: [
                "--bus=" + self.bus.address, "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner", "string:" + mark,
            ], environment: ["PATH": "/usr/bin:/bin"])
        guard sent.isSuccess else { throw TestFailure("dbus-send failed: \(sent.standardError)") }
        _ = try await self.monitor.firstMatch(on: .standardOutput, "the last call") {
            $0.contains(mark) ? true : nil
        }
        return self.monitor.text(.standardOutput)
    }

    /// Whether a text is in what was recorded: as text, or as an array of bytes, which is printed as text or in
    /// hexadecimal digits.
    public static func holds(_ recorded: String, _ text: String) -> Bool {
        let digits = text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        let flat = recorded.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        return recorded.contains(text) || flat.contains(digits)
    }
}
