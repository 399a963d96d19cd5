import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// Who may call (T-001, L-010).
@Suite(.timeLimit(.minutes(5)))
struct AuthorisationTests {
    private static let denied = "org.freedesktop.DBus.Error.AccessDenied"

    @Test("another user than the daemon's own is refused every member (T-001, L-010)")
    func anotherUserIsRefusedEveryMember() async throws {
        try await ControlStage.with(ownUserID: getuid() + 1) { stage in
            let objects = [
                (ControlPath.manager, ManagerInterface.description),
                (ControlPath.key("alpha"), KeyInterface.description),
                (ControlPath.provider("kimi"), ProviderInterface.description),
                (ControlPath.client("ci"), ClientInterface.description),
                (LogControlInterface.path, LogControlInterface.description),
            ]
            for (path, interface) in objects {
                for method in interface.methods {
                    let arguments = try method.input.map { try BusValue.some($0.signature) }
                    #expect(
                        await errorName { try await stage.call(path, interface.name, method.name, arguments) }
                            == Self.denied, "\(method.name)")
                }
                for property in interface.properties {
                    let name = property.name.text
                    #expect(
                        await errorName { _ = try await stage.get(path, interface.name, name) } == Self.denied,
                        "\(name)")
                    #expect(
                        await errorName {
                            try await stage.set(path, interface.name, name, try BusValue.some(property.signature))
                        } == Self.denied, "\(name)")
                }
                #expect(await errorName { _ = try await stage.getAll(path, interface.name) } == Self.denied)
                // Not even whether a member exists.
                #expect(await errorName { try await stage.call(path, interface.name, "Novelty") } == Self.denied)
            }
            #expect(
                await errorName {
                    try await stage.call(ControlPath.manager, Standard.objectManager, "GetManagedObjects")
                } == Self.denied)
            #expect(stage.plane.asked == [])
            #expect(!stage.service.hasSubscribers)
        }
    }

    @Test func aCallWithoutASenderIsRefused() async throws {
        try await ControlStage.with { stage in
            let error = await #expect(throws: BusError.self) { try await stage.service.callers.admit(nil, to: .read) }
            #expect(error?.name.text == Self.denied)
            // Whoever the bus does not know is nobody.
            let stranger = await #expect(throws: BusError.self) {
                try await stage.service.callers.admit(":1.99999", to: .read)
            }
            #expect(stranger?.name.text == Self.denied)
        }
    }
}
