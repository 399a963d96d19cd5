import DBusControl
import DBusKit
import TestSupport
import Testing

/// The programs of the distribution with which people look at the bus.
@Suite(.timeLimit(.minutes(5)))
struct ToolTests {
    private static func run(_ tool: String, _ arguments: [String]) async throws -> String {
        let result = try await FinishedProcess.run(
            try #require(Tools.path(of: tool)), arguments: arguments, environment: ["LANG": "C.UTF-8"])
        guard result.isSuccess else { throw TestFailure("\(tool) \(arguments): \(result.standardError)") }
        return result.standardOutput
    }

    private static func address(of stage: ControlStage) throws -> String {
        guard case .address(let address) = stage.address else { throw TestFailure("no address") }
        return address
    }

    @Test(.enabled(if: Tools.path(of: "busctl") != nil))
    func busctlIntrospectsCallsAndSets() async throws {
        try await ControlStage.with { stage in
            let options = ["--address=\(try Self.address(of: stage))"]
            let key = ["org.kmi.Proxy1", "/org/kmi/Proxy1/key/alpha", "org.kmi.Proxy1.Key"]
            let manager = ["org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager"]
            let members = try await Self.run("busctl", options + ["introspect"] + manager)
            for member in [".AddKey", ".RotationMode", ".KeyStateChanged"] { #expect(members.contains(member)) }
            let tree = try await Self.run("busctl", options + ["tree", "--list", "org.kmi.Proxy1"])
            #expect(tree.contains("/org/kmi/Proxy1/client/ci"))
            let state = try await Self.run("busctl", options + ["get-property"] + key + ["State", "Errors"])
            #expect(state == "s \"cooling\"\na{st} 2 \"rate_limited\" 3 \"timeout\" 1")
            _ = try await Self.run("busctl", options + ["set-property"] + key + ["Enabled", "b", "false"])
            let rotation = try await Self.run(
                "busctl", options + ["call"] + manager + ["Rotate", "a{sv}", "1", "key", "s", "beta"])
            #expect(rotation == "ss \"beta\" \"requested\"")
            #expect(stage.plane.asked == ["change alpha: enabled false", "rotate to beta of any"])
        }
    }

    @Test(.enabled(if: Tools.path(of: "gdbus") != nil))
    func gdbusCalls() async throws {
        try await ControlStage.with { stage in
            let target = ["--address", try Self.address(of: stage), "--dest", "org.kmi.Proxy1", "--object-path"]
            let count = try await Self.run(
                "gdbus", ["call"] + target + ["/org/kmi/Proxy1", "--method", "org.kmi.Proxy1.Manager.ResetKeys"])
            #expect(count == "(uint32 3,)")
            let objects = try await Self.run(
                "gdbus",
                ["call"] + target
                    + ["/org/kmi/Proxy1", "--method", "org.freedesktop.DBus.ObjectManager.GetManagedObjects"])
            #expect(objects.contains("/org/kmi/Proxy1/key/alpha"))
            let text = try await Self.run("gdbus", ["introspect"] + target + ["/org/kmi/Proxy1/key/alpha"])
            #expect(text.contains("readonly a(sddt) Windows"))
        }
    }

    @Test(.enabled(if: Tools.path(of: "dbus-send") != nil))
    func dbusSendCalls() async throws {
        try await ControlStage.with { stage in
            let text = try await Self.run(
                "dbus-send",
                [
                    "--bus=\(try Self.address(of: stage))", "--print-reply", "--dest=org.kmi.Proxy1",
                    "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager.Metrics",
                ])
            #expect(text.contains("kmi_up 1"))
        }
    }
}
