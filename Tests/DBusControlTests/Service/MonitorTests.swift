import DBusKit
import TestSupport
import Testing

@testable import DBusControl

/// What somebody sees who watches the bus.
@Suite(.timeLimit(.minutes(5)))
struct MonitorTests {
    @Test(
        "no message holds a secret, whatever is done with it (K-009)",
        .enabled(if: Tools.path(of: "dbus-monitor") != nil))
    func noMessageHoldsASecret() async throws {
        let secret = "sk-Planted0123456789"
        let token = "kmi_Planted9876543210"
        try await ControlStage.with(secrets: SecretReader(deadline: .milliseconds(100))) { stage in
            stage.plane.with { $0.token = token }
            guard case .address(let address) = stage.address else { return }
            let monitor = try #require(Tools.path(of: "dbus-monitor"))
            try await ChildProcess.with(monitor, arguments: ["--address", address]) { process in
                // It shows what it gets from the moment on when it loses its name.
                _ = try await process.firstMatch(on: .standardOutput, "that it listens") {
                    $0.contains("member=NameLost") ? true : nil
                }
                func add(_ label: String, _ pipe: Pipe, _ options: [String: BusValue] = [:]) async throws {
                    try await stage.call(
                        .addKey,
                        [.string(label), .string("kimi"), .descriptor(pipe.reading), .variants(options)])
                }
                try await add("beta", try Pipe.closed("\(secret)\n"))
                let endless = try Pipe(Array(secret.utf8))
                let refused = [
                    (try Pipe.closed("\(secret)\nsecond"), [:]), (try Pipe.closed("\(secret)\0"), [:]), (endless, [:]),
                    (try Pipe.closed(secret), ["weight": BusValue.uint32(0)]),
                ]
                for (pipe, options) in refused {
                    #expect(await errorName { try await add("gamma", pipe, options) } != nil)
                }
                endless.close()
                stage.plane.with { $0.fault = ControlFault(.alreadyExists, "The key \"alpha\" has the same secret.") }
                #expect(await errorName { try await add("delta", try Pipe.closed(secret)) } != nil)
                stage.plane.with { $0.fault = nil }
                try await stage.call(.createClient, [.string("grafana"), .variants([:])])
                try await stage.call(ControlPath.manager, Standard.objectManager, "GetManagedObjects")
                _ = try await stage.getAll(ControlPath.key("beta"), KeyInterface.name)
                // What comes last on the caller's connection: the monitor has seen everything before it.
                #expect(await errorName { try await stage.call(.getRequest, [.string("the-end")]) } != nil)
                _ = try await process.firstMatch(on: .standardOutput, "the last call") {
                    $0.contains("the-end") ? true : nil
                }
                let seen = process.text(.standardOutput)
                #expect(seen.contains("member=AddKey"))
                #expect(seen.contains("member=CreateClient"))
                #expect(seen.contains("member=InterfacesAdded"))
                #expect(!seen.contains("Planted"))
            }
            #expect(stage.plane.with { $0.secret } == secret)
        }
    }
}
