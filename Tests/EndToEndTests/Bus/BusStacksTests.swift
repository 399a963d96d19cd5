import Foundation
import TestSupport
import Testing

@Suite("Other stacks drive the daemon", .serialized, .timeLimit(.minutes(5)))
struct BusStacksTests {
    private static let environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
    private static let secret = "sk-planted-by-other-stacks-0123456789"

    private func with(_ body: (DaemonProcess, String) async throws -> Void) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    _ = try await daemon.servingKey()
                    try await body(daemon, bus.address)
                }
            }
        }
    }

    private func run(_ tool: String, _ arguments: [String]) async throws -> String {
        let path = try #require(Tools.path(of: tool), "make setup installs \(tool)")
        let result = try await FinishedProcess.run(path, arguments: arguments, environment: Self.environment)
        guard result.isSuccess else { throw TestFailure("\(tool) \(arguments): \(result.standardError)") }
        return result.standardOutput
    }

    @Test("busctl introspects, reads, sets and calls")
    func busctl() async throws {
        try await self.with { daemon, bus in
            let options = ["--address=\(bus)"]
            let manager = ["org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager"]
            let key = ["org.kmi.Proxy1", "/org/kmi/Proxy1/key/alpha", "org.kmi.Proxy1.Key"]
            let tree = try await self.run("busctl", options + ["tree", "--list", "org.kmi.Proxy1"])
            for path in ["/org/kmi/Proxy1/key/alpha", "/org/kmi/Proxy1/provider/sim", "/org/freedesktop/LogControl1"] {
                #expect(tree.contains(path))
                let members = try await self.run("busctl", options + ["introspect", "org.kmi.Proxy1", path])
                #expect(members.contains("org.freedesktop.DBus.Properties"))
            }
            #expect(try await self.run("busctl", options + ["get-property"] + manager + ["State"]) == "s \"running\"")
            _ = try await self.run("busctl", options + ["set-property"] + key + ["Weight", "u", "3"])
            #expect(try await self.run("busctl", options + ["get-property"] + key + ["Weight"]) == "u 3")
            let rotation = try await self.run(
                "busctl", options + ["call"] + manager + ["Rotate", "a{sv}", "1", "key", "s", "beta"])
            #expect(rotation == "ss \"beta\" \"requested\"")
            #expect(try await daemon.servingKey() == "beta")
            let level = try await self.run(
                "busctl",
                options + [
                    "get-property", "org.kmi.Proxy1", "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
                    "LogLevel",
                ])
            #expect(level.hasPrefix("s \""))
        }
    }

    @Test("gdbus introspects, reads, sets and calls")
    func gdbus() async throws {
        try await self.with { _, bus in
            let target = ["--address", bus, "--dest", "org.kmi.Proxy1", "--object-path"]
            let text = try await self.run("gdbus", ["introspect"] + target + ["/org/kmi/Proxy1", "--recurse"])
            for interface in ["Manager", "Key", "Provider", "Client"] {
                #expect(text.contains("interface org.kmi.Proxy1.\(interface)"))
            }
            let key = target + ["/org/kmi/Proxy1/key/alpha", "--method"]
            _ = try await self.run(
                "gdbus",
                ["call"] + key + [
                    "org.freedesktop.DBus.Properties.Set", "org.kmi.Proxy1.Key", "Priority", "<int32 7>",
                ])
            let priority = try await self.run(
                "gdbus", ["call"] + key + ["org.freedesktop.DBus.Properties.Get", "org.kmi.Proxy1.Key", "Priority"])
            #expect(priority == "(<7>,)")
            let probe = try await self.run("gdbus", ["call"] + key + ["org.kmi.Proxy1.Key.Probe"])
            #expect(probe.hasPrefix("('"))
            let rows = try await self.run(
                "gdbus",
                ["call"] + target + [
                    "/org/kmi/Proxy1", "--method", "org.kmi.Proxy1.Manager.ListRequests", "{'limit': <uint32 5>}",
                ])
            #expect(rows.contains("'outcome': <'complete'>"))
        }
    }

    @Test(
        "dbus-fast calls every method, reads every property, hears a signal, and passes secrets by descriptors",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes the environment"))
    func everyMember() async throws {
        try await self.with { daemon, bus in
            let result = try await PythonEnvironment.run(
                "dbus_members.py", arguments: [bus, Self.secret], within: .seconds(60))
            #expect(result.standardOutput == "ok", "\(result.standardError)")
            #expect(!daemon.process.report.contains(Self.secret))
        }
    }

    @Test("proxies that gdbus-codegen makes of the interface files compile without a warning, and work")
    func codegen() async throws {
        let root = BuildProducts.packageRoot
        let folder = root + "/dbus/interfaces"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".xml") }.sorted()
        #expect(files.count >= 5)
        try await TemporaryDirectory.with { directory in
            _ = try await self.run(
                "gdbus-codegen",
                [
                    // From this version on descriptors are arguments, without annotations.
                    "--glib-min-required", "2.64", "--interface-prefix", "org.kmi.Proxy1.", "--c-namespace", "Kmi",
                    "--output-directory", directory.path, "--generate-c-code", "kmi-proxy",
                ] + files.map { folder + "/" + $0 })
            let flags = try await self.run("pkg-config", ["--cflags", "--libs", "gio-2.0", "gio-unix-2.0"])
            let program = directory.path("proxy")
            _ = try await self.run(
                "gcc",
                [
                    "-std=c17", "-Wall", "-Wextra", "-Werror", "-o", program, "-I", directory.path,
                    directory.path("kmi-proxy.c"), root + "/Tests/SDK/dbus_proxy.c",
                ] + flags.split(separator: " ").map(String.init))
            try await self.with { _, bus in
                let result = try await FinishedProcess.run(
                    program, arguments: [bus, Self.secret],
                    environment: Self.environment.merging(["GIO_USE_VFS": "local"]) { $1 })
                #expect(result.standardOutput == "ok", "\(result.standardError)")
            }
        }
    }
}
