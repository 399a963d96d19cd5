import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// What operators ask for, through the typed client and over a bus.
@Suite(.timeLimit(.minutes(5)))
struct OperationMethodTests {
    private static func with(
        _ body: (ControlStage, ControlClient) async throws -> Void
    ) async throws {
        try await ControlStage.with { stage in
            let client = try await ControlClient.connect(stage.address, timeout: ControlStage.patience)
            do {
                try await body(stage, client)
            } catch {
                await client.close()
                throw error
            }
            await client.close()
        }
    }

    @Test("lists audit events by filter and cursor (K-042, A-024)")
    func listsAuditEvents() async throws {
        try await Self.with { stage, client in
            var filter = AuditFilter()
            filter.limit = 7
            filter.cursor = "c"
            filter.since = 1
            filter.until = 2
            filter.action = "key_added"
            let page = try await client.audit(filter)
            #expect(page == AuditPage(rows: [Samples.audited], cursor: "next"))
            #expect(stage.plane.with { $0.auditFilter } == filter)
        }
    }

    @Test func tellsTheConfigurationAndWhatAReloadWouldDo() async throws {
        try await Self.with { stage, client in
            let entries = [ReloadEntry(key: "server.listen", result: "restart_required", reason: "a restart")]
            stage.plane.with { $0.entries = entries }
            let settings = try await client.configuration()
            #expect(settings == [Samples.setting])
            let wouldBe = try await client.checkConfiguration()
            #expect(wouldBe == entries)
            #expect(stage.plane.asked == ["configuration", "check configuration"])
        }
    }

    @Test func backsUpDrainsAndDiagnoses() async throws {
        try await Self.with { stage, client in
            let path = try await client.backup()
            #expect(path == "/state/backups/state.sqlite")
            try await client.drain()
            var options = DiagnosisOptions()
            let checks = try await client.diagnose(options)
            #expect(checks == [Samples.diagnosed])
            options.isOffline = true
            let fewer = try await client.diagnose(options)
            #expect(fewer == [Samples.diagnosed])
            #expect(stage.plane.asked == ["backup", "drain", "diagnose", "diagnose offline"])
        }
    }

    @Test("changes what is logged, and refuses words that syslog does not know (T-030)")
    func changesTheLogLevel() async throws {
        try await Self.with { stage, client in
            let before = try await client.logLevel()
            #expect(before == "info")
            try await client.setLogLevel("debug")
            let after = try await client.logLevel()
            #expect(after == "debug")
            let error = await #expect(throws: ControlClientError.self) { try await client.setLogLevel("loud") }
            #expect(error?.message.contains("emerg") == true)
            #expect(stage.plane.asked == ["log level debug"])
            let interface = LogControlInterface.name
            #expect(
                await errorName {
                    try await stage.set(LogControlInterface.path, interface, "LogTarget", .string("journal"))
                } == "org.freedesktop.DBus.Error.PropertyReadOnly")
        }
    }

    @Test("a secret is replaced through a descriptor (K-009)")
    func replacesASecret() async throws {
        try await Self.with { stage, client in
            try await client.replaceSecret(of: "alpha", by: SecretText(bytes: Array("sk-new".utf8)))
            #expect(stage.plane.with { $0.secret } == "sk-new")
            #expect(stage.plane.asked == ["replace secret of alpha"])
        }
    }

    @Test func setsLimitsAndRefusesKindsThatAreUnknown() async throws {
        try await Self.with { stage, client in
            var limits = KeyLimits()
            limits[.rpm] = 30
            limits[.tpm] = 1000
            try await client.setLimits(of: "alpha", to: limits)
            let told = try await client.key("alpha").limits
            #expect(told == limits)
            let wrong: BusValue = .dictionary(
                key: "s", value: "u", [BusEntry(key: .string("rpd"), value: .uint32(1))])
            #expect(
                await errorName {
                    try await stage.set(ControlPath.key("alpha"), KeyInterface.name, "Limits", wrong)
                } == "org.kmi.Proxy1.Error.InvalidArgument")
        }
    }

    @Test func providersComeAndGo() async throws {
        try await Self.with { stage, client in
            var options = ProviderOptions()
            options.anthropicBase = "https://api.example.com/anthropic"
            let path = try await client.addProvider(
                "example", kind: "compatible", base: "https://api.example.com/v1", options: options)
            #expect(path == ControlPath.provider("example").text)
            #expect(stage.plane.with { $0.providerOptions } == options)
            // The path names an object that is there.
            let providers = try await client.providers().map(\.name)
            #expect(providers == ["example", "kimi"])
            try await client.removeProvider("example")
            let left = try await client.providers().map(\.name)
            #expect(left == ["kimi"])
        }
    }

    @Test("what is done is done in the name of the caller's user (K-042)")
    func namesTheCaller() async throws {
        try await Self.with { stage, client in
            let caller = ControlCaller(userID: getuid())
            try await client.setRotationMode("sticky")
            #expect(stage.plane.with { $0.caller } == caller)
            try await client.resetKey("alpha")
            #expect(stage.plane.with { $0.caller } == caller)
            try await client.setLogLevel("debug")
            #expect(stage.plane.with { $0.caller } == caller)
            // The daemon's own doing has no caller.
            _ = try await stage.plane.resetKeys()
            #expect(stage.plane.with { $0.caller } == nil)
        }
    }
}
