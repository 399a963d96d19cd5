import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// Who may call (T-001, L-010).
@Suite(.timeLimit(.minutes(1)))
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
                    let arguments = try method.input.map { try Self.value(of: $0.signature) }
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
                            try await stage.set(path, interface.name, name, try Self.value(of: property.signature))
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

    /// Some value of a type.
    private static func value(of signature: Signature) throws -> BusValue {
        switch signature.text {
        case "s": .string("alpha")
        case "b": .boolean(true)
        case "i": .int32(1)
        case "u": .uint32(1)
        case "t": .uint64(1)
        case "as": .strings([])
        case "ao": .array(of: "o", [])
        case "a{sv}": .variants([:])
        case "a{st}": .counts([:])
        case "a{su}": KeyLimits().busValue
        case "a(sddt)": .array(of: "(sddt)", [])
        case "a(ssst)": .array(of: "(ssst)", [])
        case "h": .descriptor(try Pipe.closed("sk-planted").reading)
        default: throw TestFailure("no value of type \(signature)")
        }
    }

    @Test("every member has a policy (L-010)")
    func everyMemberHasAPolicy() {
        func policy(_ interface: InterfaceName, _ member: MemberName) -> ControlPolicy {
            ControlPolicy.of(
                BusCall(
                    sender: ":1.1", path: ControlPath.manager, interface: interface, member: member, arguments: []))
        }
        #expect(policy(ManagerInterface.name, "Metrics") == .read)
        #expect(policy(ManagerInterface.name, "Rotate") == .control)
        #expect(policy(ManagerInterface.name, "AddKey") == .secrets)
        #expect(policy(ManagerInterface.name, "CreateClient") == .secrets)
        #expect(policy(ManagerInterface.name, "ExplainRoute") == .read)
        #expect(policy(ManagerInterface.name, "SummarizeRequests") == .read)
        #expect(policy(ManagerInterface.name, "RefreshUsage") == .control)
        #expect(policy(ManagerInterface.name, "GetUsage") == .read)
        #expect(policy(ManagerInterface.name, "GetPrices") == .read)
        #expect(policy(ManagerInterface.name, "ImportPrices") == .control)
        #expect(policy(KeyInterface.name, "Probe") == .control)
        #expect(policy(KeyInterface.name, "Reset") == .control)
        #expect(policy(ClientInterface.name, "Revoke") == .control)
        #expect(policy(Standard.properties, "GetAll") == .read)
        #expect(policy(Standard.properties, "Set") == .control)
        #expect(policy(Standard.objectManager, "GetManagedObjects") == .read)
        // What does not exist is nobody's, but for those who may do everything.
        #expect(policy(ProviderInterface.name, "Novelty") == .secrets)
        #expect(policy(ManagerInterface.name, "Novelty") == .secrets)
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
