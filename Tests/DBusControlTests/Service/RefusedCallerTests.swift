import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

@Suite(.timeLimit(.minutes(5)))
struct RefusedCallerTests {
    @Test("whoever is refused is told to the control plane, with the member (K-042)")
    func tellsWhoWasRefused() async throws {
        try await ControlStage.with(ownUserID: getuid() + 1) { stage in
            _ = await errorName {
                try await stage.call(ControlPath.manager, ManagerInterface.name, "ResetKeys")
            }
            _ = await errorName {
                try await stage.call(ControlPath.key("alpha"), KeyInterface.name, "Reset")
            }
            #expect(
                stage.plane.with { $0.refusals } == [
                    "\(getuid()) org.kmi.Proxy1.Manager.ResetKeys", "\(getuid()) org.kmi.Proxy1.Key.Reset",
                ])
            // Names that callers invent stand nowhere.
            stage.plane.with { $0.refusals = [] }
            for (interface, member) in [
                (ManagerInterface.name, "Novelty"), ("org.kmi.Novelty", "ResetKeys"), (Standard.properties, "Novelty"),
            ] as [(InterfaceName, MemberName)] {
                _ = await errorName { try await stage.call(ControlPath.manager, interface, member) }
            }
            #expect(
                stage.plane.with { $0.refusals } == Array(repeating: "\(getuid()) unknown-member", count: 3))
        }
        try await ControlStage.with { stage in
            try await stage.call(ControlPath.manager, ManagerInterface.name, "ResetKeys")
            #expect(stage.plane.with { $0.refusals }.isEmpty)
        }
    }

    @Test("whoever asks and cannot be told is somebody unknown, and never the daemon (K-042)")
    func isNeverTheDaemon() async throws {
        try await ControlStage.with { stage in
            for sender in [nil, ":1.99999"] as [BusName?] {
                let actor = try await stage.service.acting(for: sender) { (_) throws(ControlFault) in
                    ControlCaller.current?.actor
                }
                #expect(actor == "uid:unknown")
            }
            try await stage.call(ControlPath.manager, ManagerInterface.name, "ResetKeys")
            #expect(stage.plane.with { $0.caller } == ControlCaller(userID: getuid()))
        }
    }
}
