import DBusKit
import Foundation
import TestSupport
import Testing

@testable import DBusControl

@Suite(.timeLimit(.minutes(5)))
struct ControlClientTests {
    /// A client on the stage's bus.
    static func with(_ stage: ControlStage, _ body: (ControlClient) async throws -> Void) async throws {
        let client = try await ControlClient.connect(stage.address, timeout: ControlStage.patience)
        do {
            try await body(client)
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    /// A client on the bus of a daemon that `prepare` has set.
    private static func with(
        _ prepare: @Sendable (inout FakeControlPlane.State) -> Void = { _ in },
        _ body: (ControlClient, FakeControlPlane) async throws -> Void
    ) async throws {
        try await ControlStage.with { (stage) async throws in
            stage.plane.with { prepare(&$0) }
            stage.service.objectsChanged()
            try await Self.with(stage) { try await body($0, stage.plane) }
        }
    }

    /// The code with which `body` fails.
    static func code(_ body: () async throws -> Void) async throws -> ControlClientError.Code? {
        do {
            try await body()
            return nil
        } catch let error as ControlClientError {
            return error.code
        }
    }

    @Test func readsWhatTheDaemonTells() async throws {
        try await Self.with { state in
            state.rows = [Samples.row]
            state.cursor = "c2"
            state.entries = [ReloadEntry(key: "retry.base", result: "applied", reason: "")]
        } _: { (client, plane) async throws in
            #expect(try await client.manager() == Samples.manager)
            #expect(try await client.keys() == [Samples.key])
            #expect(try await client.key("alpha") == Samples.key)
            #expect(try await client.providers() == [Samples.provider])
            #expect(try await client.summary(RequestFilter()) == Samples.summary)
            #expect(try await client.explain("k2", ExplainOptions()) == [Samples.explained])
            #expect(try await client.usage(UsageQuery()) == Samples.usage)
            #expect(try await client.prices(PriceQuery()) == Samples.prices)
            #expect(try await client.clients() == [Samples.client])
            #expect(try await client.metrics() == "# TYPE kmi_up gauge\nkmi_up 1\n")
            var filter = RequestFilter()
            filter.key = "alpha"
            filter.limit = 7
            #expect(try await client.requests(filter) == RequestPage(rows: [Samples.row], cursor: "c2"))
            #expect(plane.with { $0.filter } == filter)
            #expect(try await client.request(Samples.row.id) == Samples.row)
            #expect(try await client.reload() == [ReloadEntry(key: "retry.base", result: "applied", reason: "")])
        }
    }

    @Test("lists keys of any label, by label")
    func listsKeysOfAnyLabel() async throws {
        let labels = ["1st", "a.b-c@d+e_f", "zeta"]
        try await Self.with { state in
            state.keys = labels.reversed().map { label in
                var key = KeyStatus()
                key.label = label
                key.provider = "kimi"
                return key
            }
        } _: { (client, _) async throws in
            #expect(try await client.keys().map(\.label) == labels)
            for label in labels { #expect(try await client.key(label).label == label) }
        }
    }

    @Test func changesWhatItIsToldTo() async throws {
        try await Self.with { (client, plane) async throws in
            try await client.setRotationMode("sticky")
            try await client.setDryRun(false)
            try await client.changeKey("alpha", enabled: true, weight: 4)
            #expect(try await client.rotate() == Rotation(key: "beta", reason: "next"))
            #expect(try await client.rotate(to: "alpha", of: "kimi") == Rotation(key: "alpha", reason: "requested"))
            #expect(try await client.refreshUsage(of: "alpha", provider: nil) == 2)
            #expect(try await client.probeKey("alpha") == "invalid provider_auth_failed")
            #expect(try await client.resetKeys() == 3)
            try await client.resetKey("alpha")
            try await client.removeKey("alpha")
            try await client.revokeClient("ci")
            #expect(
                plane.asked == [
                    "mode sticky", "dry run false", "change alpha: enabled true", "change alpha: weight 4",
                    "rotate to any of any", "rotate to alpha of kimi", "refresh alpha of any", "probe alpha",
                    "reset all", "reset alpha", "remove alpha", "revoke ci",
                ])
        }
    }

    @Test func passesASecretThroughAPipe() async throws {
        try await Self.with { (client, plane) async throws in
            var options = KeyOptions()
            options.priority = -3
            options.weight = 5
            options.models = ["k2"]
            options.enabled = false
            let secret = SecretText(bytes: Array("sk-planted".utf8))
            let path = try await client.addKey("my-key", provider: "kimi", secret: secret, options: options)
            #expect(path == "/org/kmi/Proxy1/key/my_2dkey")
            #expect(plane.with { $0.secret } == "sk-planted")
            #expect(plane.with { $0.keyOptions } == options)
        }
    }

    @Test func refusesASecretThatNoPipeHolds() async throws {
        try await Self.with { (client, plane) async throws in
            let secret = SecretText(bytes: [UInt8](repeating: 0x78, count: SecretPipe.capacity + 1))
            let code = try await Self.code { try await client.addKey("beta", provider: "kimi", secret: secret) }
            #expect(code == .invalidArgument)
            #expect(plane.asked.isEmpty)
        }
    }

    @Test func readsANewTokenFromItsDescriptor() async throws {
        try await Self.with { (client, plane) async throws in
            var options = ClientOptions()
            options.scopes = ["inference", "metrics"]
            options.expiresAt = 1_900_000_000_000_000
            let token = try await client.createClient("laptop", options: options)
            #expect(token.withBytes { String(decoding: $0, as: UTF8.self) } == "kmi_token")
            #expect(plane.with { $0.clientOptions } == options)
        }
    }

    @Test("tells the daemon's refusals apart", arguments: ControlFault.Code.allCases)
    func mapsFaults(code: ControlFault.Code) async throws {
        try await Self.with { state in
            state.fault = ControlFault(code, "because")
        } _: { (client, _) async throws in
            await #expect(throws: ControlClientError(ControlClientError.Code(code), "because")) {
                try await client.removeKey("alpha")
            }
        }
    }

    @Test func findsNothingWhereNothingIs() async throws {
        try await Self.with { (client, _) async throws in
            #expect(try await Self.code { _ = try await client.key("omega") } == .notFound)
            #expect(try await Self.code { try await client.changeKey("omega", enabled: true) } == .notFound)
            #expect(try await Self.code { try await client.resetKey("omega") } == .notFound)
            #expect(try await Self.code { _ = try await client.probeKey("omega") } == .notFound)
            #expect(try await Self.code { _ = try await client.request("omega") } == .notFound)
        }
    }

    @Test func reportsThatItMayNot() async throws {
        try await ControlStage.with(ownUserID: 4_000_000) { (stage) async throws in
            try await Self.with(stage) { (client) async throws in
                #expect(try await Self.code { _ = try await client.manager() } == .accessDenied)
                #expect(try await Self.code { _ = try await client.keys() } == .accessDenied)
                #expect(try await Self.code { _ = try await client.followRequests() } == .accessDenied)
            }
        }
    }

    @Test("does not let the bus start the daemon")
    func startsNobody() async throws {
        try await TemporaryDirectory.with { (directory) async throws in
            let mark = directory.path("started")
            let services = try directory.makeDirectory("services")
            _ = try directory.write(
                "services/org.kmi.Proxy1.service",
                "[D-BUS Service]\nName=org.kmi.Proxy1\nExec=/usr/bin/touch \(mark)\n", mode: 0o644)
            try await PrivateBus.with(serviceDirectory: services) { (bus) async throws in
                let client = try await ControlClient.connect(
                    to: .address(bus.address), timeout: ControlStage.patience)
                #expect(try await Self.code { _ = try await client.manager() } == .unreachable)
                #expect(try await Self.code { _ = try await client.followRequests() } == .unreachable)
                await client.close()
            }
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test(
        "reports a bus that is not there",
        arguments: ["unix:path=/nonexistent/bus", "nonsense", "tcp:host=127.0.0.1,port=1"])
    func reportsMissingBus(address: String) async throws {
        let code = try await Self.code {
            _ = try await ControlClient.connect(to: .address(address), timeout: .seconds(5))
        }
        #expect(code == .unreachable)
    }

    @Test func givesUpOnADaemonThatDoesNotAnswer() async throws {
        try await PrivateBus.with { (bus) async throws in
            let address = BusAddress.address(bus.address)
            try await ControlStage.withConnection(to: address) { (server) async throws in
                try server.export(SilentObject(), at: ControlPath.manager)
                #expect(try await server.requestName(ControlNames.bus, timeout: ControlStage.patience))
                let client = try await ControlClient.connect(address, timeout: .milliseconds(50))
                #expect(try await Self.code { _ = try await client.metrics() } == .timedOut)
                await client.close()
            }
        }
    }

    @Test func reportsADaemonThatTellsSomethingElse() async throws {
        try await PrivateBus.with { (bus) async throws in
            let address = BusAddress.address(bus.address)
            try await ControlStage.withConnection(to: address) { (server) async throws in
                try server.export(StrangeObject(), at: ControlPath.manager)
                #expect(try await server.requestName(ControlNames.bus, timeout: ControlStage.patience))
                let client = try await ControlClient.connect(address, timeout: ControlStage.patience)
                #expect(try await Self.code { _ = try await client.manager() } == .protocolError)
                #expect(try await Self.code { _ = try await client.metrics() } == .protocolError)
                await client.close()
            }
        }
    }
}

/// An object under the daemon's path that never answers.
private struct SilentObject: BusObject {
    let interfaces = [ManagerInterface.description]

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        // Ends with the connection, which cancels the call.
        await untilCancelled()
        return []
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] { [:] }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {}
}

/// An object under the daemon's path whose types are others.
private struct StrangeObject: BusObject {
    let interfaces = [
        InterfaceDescription(
            name: ManagerInterface.name,
            methods: [
                MethodDescription(name: "Metrics", input: [], output: [ArgumentDescription(name: "n", signature: "u")])
            ],
            properties: [PropertyDescription(name: "State", signature: "u", access: .read, change: .announced)],
            signals: [])
    ]

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] { [.uint32(1)] }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        ["State": .uint32(1)]
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {}
}
