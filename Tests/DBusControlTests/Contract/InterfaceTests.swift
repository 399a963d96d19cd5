import DBusControl
import DBusKit
import Testing

/// The interfaces as the contract's section 9 writes them down.
struct InterfaceTests {
    @Test func theManagerHasThePropertiesOfTheContract() {
        #expect(
            Self.properties(of: ManagerInterface.description) == [
                "Version s const", "Commit s const", "BuiltAt t const", "State s", "Degraded as", "Listeners as",
                "RotationMode s rw", "ActiveKey s",
                "DryRun b rw", "StartedAt t const", "KeysTotal u", "KeysUsable u", "RequestsInFlight u silent",
                "NextUsableAt t", "Warnings as", "Jobs aa{sv} silent",
            ])
    }

    @Test func theManagerHasTheMethodsOfTheContract() {
        #expect(
            Self.methods(of: ManagerInterface.description) == [
                "AddKey(s label, s provider, h secret, a{sv} options) -> (o key)", "RemoveKey(s label) -> ()",
                "Rotate(a{sv} options) -> (s key, s reason)", "ResetKeys() -> (u count)",
                "AddProvider(s name, s kind, s base_url, a{sv} options) -> (o provider)",
                "RemoveProvider(s name) -> ()",
                "CreateClient(s name, a{sv} options) -> (o client, h token)", "RevokeClient(s name) -> ()",
                "Reload() -> (a(sss) entries)", "CheckConfig() -> (a(sss) entries)",
                "GetConfig(a{sv} options) -> (aa{sv} rows)",
                "ListRequests(a{sv} filter) -> (aa{sv} requests, s cursor)",
                "GetRequest(s id) -> (a{sv} request)",
                "SummarizeRequests(a{sv} filter) -> (aa{sv} rows)",
                "ExplainRoute(s model, a{sv} options) -> (aa{sv} rows)",
                "RefreshUsage(a{sv} options) -> (u count)", "GetUsage(a{sv} options) -> (aa{sv} rows)",
                "GetPrices(a{sv} options) -> (a{sv} prices)", "ImportPrices(h file) -> (a{sv} prices)",
                "ListAudit(a{sv} filter) -> (aa{sv} events, s cursor)", "Backup(a{sv} options) -> (s path)",
                "Drain() -> ()", "Diagnose(a{sv} options) -> (aa{sv} checks)",
                "Metrics() -> (s text)", "Subscribe(a{sv} options) -> ()", "Unsubscribe() -> ()",
            ])
    }

    @Test func theManagerHasTheSignalsOfTheContract() {
        #expect(
            ManagerInterface.description.signals.map { "\($0.name)(\(Self.list($0.arguments)))" } == [
                "KeyStateChanged(o key, s old, s new, s reason, t usable_at)", "Rotated(s from, s to, s reason)",
                "RequestFinished(a{sv} request)", "ConfigReloaded(a(sss) entries)",
                "Warning(s code, s message)",
            ])
    }

    @Test func aKeyHasTheMembersOfTheContract() {
        #expect(
            Self.properties(of: KeyInterface.description) == [
                "Label s const", "Provider s const", "State s", "Reason s", "UsableAt t", "Warn b", "Enabled b rw",
                "Priority i rw", "Weight u rw", "Limits a{su} rw", "Account s", "Origin s", "Masked s", "Fingerprint s",
                "Windows a(sddt)",
                "InconsistentWindows as", "InFlight u silent", "Requests t silent", "Errors a{st} silent",
                "LastUsedAt t silent", "ModelStates a(ssst)",
            ])
        #expect(
            Self.methods(of: KeyInterface.description) == [
                "Reset() -> ()", "Probe() -> (s result)", "ReplaceSecret(h secret) -> ()",
            ])
        #expect(KeyInterface.description.signals.isEmpty)
    }

    @Test func aProviderHasTheMembersOfTheContract() {
        #expect(
            Self.properties(of: ProviderInterface.description) == [
                "Name s const", "Kind s", "BaseUrl s", "Breaker s", "BreakerRetryAt t", "OverloadedUntil t",
                "Keys ao", "Models as",
            ])
        #expect(ProviderInterface.description.methods.isEmpty)
        #expect(ProviderInterface.description.signals.isEmpty)
    }

    @Test func aClientHasTheMembersOfTheContract() {
        #expect(
            Self.properties(of: ClientInterface.description) == [
                "Name s const", "Scopes as", "Models as", "Routes as", "Projects as", "Limits a{su}", "Project s",
                "Origin s",
                "ExpiresAt t", "LastSeenAt t silent", "Requests t silent",
            ])
        #expect(Self.methods(of: ClientInterface.description) == ["Revoke() -> ()"])
        #expect(ClientInterface.description.signals.isEmpty)
    }

    @Test("what is logged can be changed as systemd's tools do it (T-030)")
    func theLogHasTheMembersOfSystemd() {
        #expect(
            Self.properties(of: LogControlInterface.description) == [
                "LogLevel s rw silent", "LogTarget s silent", "SyslogIdentifier s silent",
            ])
        #expect(LogControlInterface.description.methods.isEmpty)
    }

    private static func properties(of interface: InterfaceDescription) -> [String] {
        interface.properties.map { property in
            let access = property.access == .readWrite ? " rw" : ""
            let change =
                switch property.change {
                case .announced: ""
                case .invalidates: " invalidates"
                case .const: " const"
                case .silent: " silent"
                }
            return "\(property.name) \(property.signature)\(access)\(change)"
        }
    }

    private static func methods(of interface: InterfaceDescription) -> [String] {
        interface.methods.map { "\($0.name)(\(Self.list($0.input))) -> (\(Self.list($0.output)))" }
    }

    private static func list(_ arguments: [ArgumentDescription]) -> String {
        arguments.map { "\($0.signature) \($0.name)" }.joined(separator: ", ")
    }
}
