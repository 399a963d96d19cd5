import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// Every member, called by every kind of caller, against the table of policies (L-010, T-001).
@Suite(.timeLimit(.minutes(5)))
struct PolicyMatrixTests {
    /// A kind of caller.
    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whom the service takes for whom; the caller is the user of the tests.
        let callers: ControlStage.Callers
        /// What polkit allows, if there is one.
        var allowed: Set<ControlPolicy>?
        /// What the caller may do.
        let admitted: Set<ControlPolicy>
    }

    private static let me = getuid()
    private static let nobody: Set<ControlPolicy> = [.anybody]
    private static let everything = Set(ControlPolicy.allCases)

    private static func callers(
        own: UInt32, root: UInt32, _ authority: CallerAuthority
    ) -> ControlStage.Callers {
        ControlStage.Callers(ownUserID: own, rootUserID: root, authority: authority)
    }

    private static let kinds: [Kind] =
        [
            Kind(
                testDescription: "session bus: the daemon's own user",
                callers: Self.callers(own: Self.me, root: Self.me + 1, .sameUser), admitted: Self.everything),
            Kind(
                testDescription: "session bus: root",
                callers: Self.callers(own: Self.me + 1, root: Self.me, .sameUser), admitted: Self.nobody),
            Kind(
                testDescription: "session bus: another user, whom polkit would allow everything",
                callers: Self.callers(own: Self.me + 1, root: Self.me + 2, .sameUser),
                allowed: Self.everything, admitted: Self.nobody),
            Kind(
                testDescription: "system bus: the daemon's own user",
                callers: Self.callers(own: Self.me, root: Self.me + 1, .polkit), allowed: [],
                admitted: Self.everything),
            Kind(
                testDescription: "system bus: root",
                callers: Self.callers(own: Self.me + 1, root: Self.me, .polkit), allowed: [],
                admitted: Self.everything),
            Kind(
                testDescription: "system bus: another user without polkit",
                callers: Self.callers(own: Self.me + 1, root: Self.me + 2, .polkit), admitted: Self.nobody),
        ]
        + [[], [.read], [.control], [.secrets]].map { (allowed: Set<ControlPolicy>) in
            Kind(
                testDescription: "system bus: another user whom polkit allows \(allowed)",
                callers: Self.callers(own: Self.me + 1, root: Self.me + 2, .polkit), allowed: allowed,
                admitted: allowed.union(Self.nobody))
        }

    @Test("a caller of this kind may do what the table says, and nothing else (L-010, T-001)", arguments: kinds)
    func matrix(kind: Kind) async throws {
        let calls = try await Self.calls()
        try await PrivateBus.with { bus in
            try await Self.withPolkit(kind.allowed, on: bus.address) {
                try await ControlStage.with(on: bus.address, kind.callers) { stage in
                    // Nothing changes, so that each call meets the same.
                    stage.plane.with { $0.fault = ControlFault(.notAllowed, "never") }
                    for call in calls {
                        let row = try #require(call.row, "\(call.title) has no row")
                        let error = await errorName {
                            try await stage.call(call.path, call.interface, call.member, try call.arguments())
                        }
                        let isDenied = error == ErrorName.accessDenied.text
                        #expect(isDenied != kind.admitted.contains(row.policy), "\(call.title): \(error ?? "ok")")
                        // Whoever is refused has not been near the daemon.
                        if isDenied { #expect(stage.plane.asked == [], "\(call.title)") }
                        stage.plane.with { $0.asked = [] }
                    }
                    // What does not exist: only those who may do everything hear that.
                    let unknown: [(InterfaceName, MemberName, [BusValue])] = [
                        (ManagerInterface.name, "Novelty", []), ("org.kmi.Novelty", "Novelty", []),
                        (Standard.properties, "Novelty", []),
                        (Standard.properties, "Set", [.string("org.kmi.Novelty"), .string("x"), .variant(.byte(1))]),
                        (Standard.properties, "Set", [.string(""), .string("Version"), .variant(.byte(1))]),
                        (Standard.properties, "Set", [.uint32(1)]),
                    ]
                    for (interface, member, arguments) in unknown {
                        let error = await errorName {
                            try await stage.call(ControlPath.manager, interface, member, arguments)
                        }
                        let isDenied = error == ErrorName.accessDenied.text
                        #expect(
                            isDenied != kind.admitted.contains(.secrets), "\(interface).\(member): \(error ?? "ok")")
                    }
                }
            }
        }
    }

    @Test(
        "a call without a sender is refused whatever it asks for (T-001)",
        arguments: [CallerAuthority.sameUser, .polkit])
    func noSender(authority: CallerAuthority) async throws {
        let calls = try await Self.calls()
        try await PrivateBus.with { bus in
            try await Self.withPolkit(Self.everything, on: bus.address) {
                try await ControlStage.with(on: bus.address, Self.callers(own: Self.me, root: 0, authority)) { stage in
                    for call in calls where call.row?.policy != .anybody {
                        let asked = try call.asCall(from: nil)
                        let error = await #expect(throws: BusError.self, "\(call.title)") {
                            try await stage.service.callers.admit(asked)
                        }
                        #expect(error?.name == .accessDenied)
                    }
                }
            }
        }
    }

    @Test("every member that the daemon introspects as has a row, and every row a member (L-010)")
    func tableIsWhole() async throws {
        let calls = try await Self.calls()
        for call in calls { #expect(call.row != nil, "\(call.title)") }
        let met = Set(calls.compactMap(\.row))
        for row in PolicyTable.rows {
            #expect(met.contains(row), "\(row.interface).\(row.member) is in the table and nowhere else")
        }
        #expect(calls.count == PolicyTable.rows.count)
    }

    @Test("a property that is set without naming its interface has the policy of the one that has it")
    func interfaceLeftOut() {
        #expect(PolicyTable.policy(ofSetting: "RotationMode", of: "") == .control)
        #expect(PolicyTable.policy(ofSetting: "Enabled", of: "") == .control)
        // Nobody can set them, or they are nowhere.
        #expect(PolicyTable.policy(ofSetting: "Version", of: "") == .secrets)
        #expect(PolicyTable.policy(ofSetting: "Enabled", of: ManagerInterface.name.text) == .secrets)
    }

    /// What can be called, as the daemon's own user sees it.
    private static func calls() async throws -> [MemberCall] {
        let found = Found()
        try await ControlStage.with { stage in found.calls = try await MemberCall.all(on: stage) }
        return found.calls
    }

    private final class Found {
        var calls: [MemberCall] = []
    }

    private static func withPolkit(
        _ allowed: Set<ControlPolicy>?, on address: String, _ body: () async throws -> Void
    ) async throws {
        guard let allowed else { return try await body() }
        try await MockPolkit.with(on: address, .allowing(Set(allowed.compactMap(\.action)))) { _ in try await body() }
    }
}
