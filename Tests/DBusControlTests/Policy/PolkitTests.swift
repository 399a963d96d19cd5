import DBusKit
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import DBusControl

/// How polkit is asked about a caller of another user (T-001).
@Suite(.timeLimit(.minutes(5)))
struct PolkitTests {
    /// A stage whose callers are strangers to the service, and a polkit.
    private static func with(
        _ manner: MockPolkit.Manner, patience: PolkitAuthority.Patience = PolkitAuthority.Patience(),
        _ body: (ControlStage, MockPolkit) async throws -> Void
    ) async throws {
        try await PrivateBus.with { bus in
            try await MockPolkit.with(on: bus.address, manner) { polkit in
                try await ControlStage.with(on: bus.address, Self.strangers(patience)) { stage in
                    try await body(stage, polkit)
                }
            }
        }
    }

    private static func strangers(
        _ patience: PolkitAuthority.Patience = PolkitAuthority.Patience()
    ) -> ControlStage.Callers {
        ControlStage.Callers(
            ownUserID: getuid() + 1, rootUserID: getuid() + 2, authority: .polkit, patience: patience)
    }

    private static func error(_ body: () async throws -> Void) async -> BusError? {
        do {
            try await body()
            return nil
        } catch let error as BusError {
            return error
        } catch {
            return nil
        }
    }

    @Test("a question names the caller's connection and the action, and asks a person only if the caller lets it")
    func question() async throws {
        try await Self.with(.allowing(["org.kmi.proxy1.read", "org.kmi.proxy1.control"])) { stage, polkit in
            try await stage.call(.metrics)
            try await stage.call(
                ControlPath.manager, ManagerInterface.name, "ResetKeys", allowsInteraction: true)
            let caller = stage.caller.uniqueName.text
            #expect(
                polkit.questions == [
                    .init(caller: caller, action: "org.kmi.proxy1.read", allowsInteraction: false),
                    .init(caller: caller, action: "org.kmi.proxy1.control", allowsInteraction: true),
                ])
            #expect(stage.service.callers.questions == 0)
        }
    }

    @Test(
        "what a person has to agree to is refused with the standard's error, unless the caller lets a person be asked")
    func interaction() async throws {
        try await Self.with(.asking(["org.kmi.proxy1.read"])) { stage, _ in
            let refusal = await Self.error { try await stage.call(.metrics) }
            #expect(refusal?.name == .interactionRequired)
            let path = ControlPath.manager
            try await stage.call(path, ManagerInterface.name, "Metrics", allowsInteraction: true)
            let dismissed = await Self.error {
                try await stage.call(path, ManagerInterface.name, "ResetKeys", allowsInteraction: true)
            }
            #expect(dismissed?.name == .accessDenied)
            #expect(dismissed?.message.contains("pkttyagent") == true)
            // Both are on record (K-042).
            #expect(
                stage.plane.with { $0.refusals } == [
                    "\(getuid()) org.kmi.Proxy1.Manager.Metrics", "\(getuid()) org.kmi.Proxy1.Manager.ResetKeys",
                ])
        }
    }

    @Test("whose call it was is known also if the caller went while polkit was asked (K-042)")
    func callerEndsMeanwhile() async throws {
        try await Self.with(.silent) { stage, polkit in
            let check = stage.service.callers
            let sender = stage.caller.uniqueName
            let asking = Task {
                await Self.error { try await check.admit(sender, to: .control, allowsInteraction: true) }
            }
            try await eventually("polkit is asked") { polkit.questions.count == 1 }
            check.forget(sender)
            #expect(await asking.value?.name == .accessDenied)
            #expect(check.knownUser(of: sender) == getuid())
        }
    }

    @Test("nobody is let in where polkit is absent, fails or refuses, and the error says what to do")
    func absence() async throws {
        try await Self.with(.failing) { stage, polkit in
            let failed = await Self.error { try await stage.call(.metrics) }
            #expect(failed?.name == .accessDenied)
            #expect(failed?.message.contains("out of order") == true)
            polkit.behave(.allowing([]))
            let refused = await Self.error { try await stage.call(.metrics) }
            #expect(refused?.name == .accessDenied)
            #expect(refused?.message.contains("org.kmi.proxy1.read") == true)
        }
        try await PrivateBus.with { bus in
            try await ControlStage.with(on: bus.address, Self.strangers()) { stage in
                let absent = await Self.error { try await stage.call(.metrics) }
                #expect(absent?.name == .accessDenied)
                #expect(absent?.message.contains("install polkit") == true)
            }
        }
    }

    @Test(
        "a polkit that says nothing is given up at its deadline, and the question taken back", arguments: [false, true])
    func deadline(allowsInteraction: Bool) async throws {
        var patience = PolkitAuthority.Patience(brief: .milliseconds(50), interactive: .seconds(3_600))
        if allowsInteraction { patience = .init(brief: .seconds(20), interactive: .milliseconds(50)) }
        try await Self.with(.silent, patience: patience) { stage, polkit in
            let late = await Self.error {
                try await stage.call(
                    ControlPath.manager, ManagerInterface.name, "Metrics", allowsInteraction: allowsInteraction)
            }
            #expect(late?.name == .accessDenied)
            #expect(late?.message.contains("within") == true)
            #expect(polkit.takenBack.count == 1)
            #expect(stage.service.callers.questions == 0)
        }
    }

    @Test("nobody else's call waits while a person is asked, and a caller that goes takes its questions along")
    func departure() async throws {
        try await Self.with(.silent) { stage, polkit in
            try await ControlStage.withConnection(to: stage.address) { asking in
                let waiting = Task {
                    try await asking.call(
                        ControlNames.bus, path: ControlPath.manager, interface: ManagerInterface.name,
                        member: "Metrics", timeout: .seconds(60), allowsInteraction: true)
                }
                try await eventually("polkit is asked") { polkit.questions.count == 1 }
                polkit.behave(.allowing(["org.kmi.proxy1.control"]))
                #expect(try await stage.call(.resetKeys) == [.uint32(3)])
                #expect(stage.service.callers.questions == 1)
                await asking.close()
                _ = await waiting.result
            }
            try await eventually("the question is taken back") { polkit.takenBack.count == 1 }
            try await eventually("nobody waits") { stage.service.callers.questions == 0 }
        }
    }

    @Test("so many questions wait at once, and the next caller is told so")
    func bound() async throws {
        try await Self.with(.silent) { stage, polkit in
            try await ControlStage.withConnection(to: stage.address) { asking in
                let refusals = Refusals()
                let waiting = (0..<20).map { _ in
                    Task {
                        do {
                            _ = try await asking.call(
                                ControlNames.bus, path: ControlPath.manager, interface: ManagerInterface.name,
                                member: "Metrics", timeout: .seconds(60), allowsInteraction: true)
                        } catch let error as BusError {
                            refusals.add(error.name.text)
                        }
                    }
                }
                try await eventually("the others are refused") { refusals.names.count == 4 }
                #expect(Set(refusals.names) == [ErrorName.limitsExceeded.text])
                #expect(stage.service.callers.questions == 16)
                await asking.close()
                for task in waiting { _ = await task.result }
            }
        }
    }

    private final class Refusals: Sendable {
        private let state = Mutex<[String]>([])
        var names: [String] { self.state.withLock { $0 } }
        func add(_ name: String) { self.state.withLock { $0.append(name) } }
    }

    @Test("one user cannot take the places of all others")
    func budget() {
        var budget = PolkitBudget(total: 4, perUser: 2)
        #expect([1, 1, 1, 2, 2, 3].map { budget.begin($0) } == [true, true, false, true, true, false])
        budget.end(1)
        let isAdmitted = budget.begin(3)
        #expect(isAdmitted)
        // What was never begun ends nothing.
        budget.end(9)
        #expect(budget.count == 4)
    }
}
