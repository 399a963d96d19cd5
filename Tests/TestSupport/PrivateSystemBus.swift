import Foundation

/// A bus for one test with the rules of a system bus: every user may connect, nobody may own a name or call anything but
/// by the policy files that it was given.
public struct PrivateSystemBus: Sendable {
    /// Where it can be reached, by every user.
    public let address: String
    /// The bus.
    public let process: ChildProcess

    /// Starts a bus and stops it after the scope.
    ///
    /// - Parameters:
    ///   - policies: the paths of policy files that it obeys.
    ///   - body: the scope.
    public static func with<Value>(
        policies: [String], _ body: (PrivateSystemBus) async throws -> Value
    ) async throws -> Value {
        guard let executable = Tools.path(of: "dbus-daemon") else {
            throw TestFailure("there is no dbus-daemon; `make setup` installs it")
        }
        return try await TemporaryDirectory.with { directory in
            // Others have to get to the socket.
            try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: directory.path)
            let socket = directory.path("bus")
            let configuration = try directory.write(
                "system.conf", self.configuration(socket: socket, policies: policies))
            return try await ChildProcess.with(
                executable, arguments: ["--nofork", "--print-address", "--config-file=\(configuration)"],
                environment: ["PATH": "/usr/bin:/bin"]
            ) { process in
                _ = try await process.firstMatch(on: .standardOutput, "its address") { $0.isEmpty ? nil : $0 }
                return try await body(PrivateSystemBus(address: "unix:path=" + socket, process: process))
            }
        }
    }

    // The rules are those of the system bus of the reference implementation.
    private static func configuration(socket: String, policies: [String]) -> String {
        """
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
         "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig>
          <type>system</type>
          <auth>EXTERNAL</auth>
          <listen>unix:path=\(socket)</listen>
          <policy context="default">
            <allow user="*"/>
            <deny own="*"/>
            <deny send_type="method_call"/>
            <allow send_type="signal"/>
            <allow send_requested_reply="true" send_type="method_return"/>
            <allow send_requested_reply="true" send_type="error"/>
            <allow receive_type="method_call"/>
            <allow receive_type="method_return"/>
            <allow receive_type="error"/>
            <allow receive_type="signal"/>
            <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
            <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
            <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
            <allow send_destination="org.freedesktop.PolicyKit1"/>
          </policy>
          <policy user="\(NSUserName())">
            <allow own="org.freedesktop.PolicyKit1"/>
          </policy>
        \(policies.map { "  <include>\($0)</include>" }.joined(separator: "\n"))
        </busconfig>

        """
    }
}
