import DBusKit
import Foundation
import TestSupport
import Testing

@testable import DBusControl

/// The same on a bus with the rules of a system bus and with two users (T-001, L-010).
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(
        if: OtherUser.isAvailable && PythonEnvironment.isAvailable,
        "root and setpriv are needed to be two users, and make setup makes the environment"))
struct SystemBusPolicyTests {
    /// A call as `dbus_policy.py` reads it.
    private struct Asked: Encodable {
        var path: String
        var interface: String
        var member: String
        var signature: String
        var interactive: Bool
        var property: [String]?
    }

    private static let policy = BuildProducts.packageRoot + "/dbus/org.kmi.Proxy1.conf"

    @Test(
        "another user may do what polkit allows, member by member, and nothing else (L-010)",
        arguments: [[], [.read], [.control], [.secrets]] as [Set<ControlPolicy>])
    func otherUser(allowed: Set<ControlPolicy>) async throws {
        try await PrivateSystemBus.with(policies: [Self.policy]) { bus in
            try await MockPolkit.with(on: bus.address, .asking(Set(allowed.compactMap(\.action)))) { polkit in
                let callers = ControlStage.Callers(ownUserID: getuid() + 1, rootUserID: getuid(), authority: .polkit)
                try await ControlStage.with(on: bus.address, callers) { stage in
                    stage.plane.with { $0.fault = ControlFault(.notAllowed, "never") }
                    // This process is root, who may do everything.
                    let calls = try await MemberCall.all(on: stage)
                    #expect(polkit.questions == [])
                    let outcomes = try await Self.outcomes(of: calls, on: bus.address, interactive: true)
                    #expect(outcomes.count == calls.count)
                    for (call, outcome) in zip(calls, outcomes) {
                        let policy = try #require(call.row?.policy)
                        let isAdmitted = policy == .anybody || allowed.contains(policy)
                        #expect(isAdmitted == (outcome != ErrorName.accessDenied.text), "\(call.title): \(outcome)")
                    }
                    #expect(Set(polkit.questions.map(\.allowsInteraction)) == [true])
                    // Who does not let a person be asked is told that this is what lacks.
                    for outcome in try await Self.outcomes(
                        of: Array(calls.prefix(3)), on: bus.address, interactive: false)
                    {
                        #expect(outcome == ErrorName.interactionRequired.text)
                    }
                }
            }
        }
    }

    @Test("another user owns no name, gets no signal that is sent to everybody, and reaches no other interface")
    func policyFile() async throws {
        try await PrivateSystemBus.with(policies: [Self.policy]) { bus in
            let environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
            let bus = bus.address
            let owning = try await OtherUser.run(
                "/usr/bin/busctl",
                arguments: [
                    "--address=\(bus)", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                    "org.freedesktop.DBus", "RequestName", "su", "org.kmi.Proxy1", "4",
                ], environment: environment)
            #expect(!owning.isSuccess)
            #expect(owning.standardError.contains("Access denied"))
            try await MockPolkit.with(on: bus, .allowing(Set(ControlPolicy.allCases.compactMap(\.action)))) { _ in
                let callers = ControlStage.Callers(ownUserID: getuid() + 1, rootUserID: getuid(), authority: .polkit)
                try await ControlStage.with(on: bus, callers) { stage in
                    let unheard = try await OtherUser.run(
                        "/usr/bin/busctl",
                        arguments: [
                            "--address=\(bus)", "call", "org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Unheard",
                            "Reload",
                        ], environment: environment)
                    // The bus itself refuses it: it did not get to the daemon.
                    #expect(
                        unheard.standardError.contains("Access denied") || unheard.standardError.contains("rejected"))
                    let listener = try ChildProcess(
                        try #require(Tools.path(of: "setpriv")),
                        arguments: [
                            "--reuid=\(OtherUser.id)", "--regid=\(OtherUser.id)", "--clear-groups", "--",
                            "/usr/bin/gdbus", "monitor", "--address", bus, "--dest", "org.kmi.Proxy1",
                        ], environment: environment)
                    _ = try await listener.firstMatch(on: .standardOutput, "that it listens") {
                        $0.contains("is owned by") ? true : nil
                    }
                    let own = try await stage.signals(of: ManagerInterface.name)
                    stage.service.warning("planted", "a sentence")
                    var heard = own.makeAsyncIterator()
                    #expect(await heard.next()?.member == "Warning")
                    // What the bus itself tells comes after what it would have passed on.
                    await stage.service.connection.close()
                    _ = try await listener.firstMatch(on: .standardOutput, "that the name is gone") {
                        $0.contains("does not have an owner") ? true : nil
                    }
                    #expect(!listener.text(.standardOutput).contains("planted"))
                    try await listener.terminate()
                }
            }
        }
    }

    private static func outcomes(
        of calls: [MemberCall], on address: String, interactive: Bool
    ) async throws -> [String] {
        let asked = calls.map { call in
            Asked(
                path: call.path.text, interface: call.interface.text, member: call.member.text,
                signature: call.signature.map(\.text).joined(), interactive: interactive,
                property: call.property.map { [$0.interface.text, $0.name.text, $0.type.text] })
        }
        let text = String(decoding: try JSONEncoder().encode(asked), as: UTF8.self)
        let result = try await OtherUser.python("dbus_policy.py", arguments: [address, text], modules: ["jeepney"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
        return try JSONDecoder().decode([String].self, from: Data(result.standardOutput.utf8))
    }
}
