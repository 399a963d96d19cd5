import DBusKit
import TestSupport
import Testing

@testable import DBusControl

/// What is refused over a bus, and by which name.
@Suite(.timeLimit(.minutes(5)))
struct RefusalTests {
    private static let invalidArgument = "org.kmi.Proxy1.Error.InvalidArgument"

    @Test func everyFaultOfTheDaemonHasItsName() async throws {
        try await ControlStage.with { stage in
            for code in ControlFault.Code.allCases {
                stage.plane.with { $0.fault = ControlFault(code, "because") }
                do {
                    try await stage.call(.reload)
                    Issue.record("\(code) is not told")
                } catch let error as BusError {
                    #expect(error.name == code.errorName)
                    #expect(error.message == "because")
                }
            }
        }
    }

    @Test func aFaultReachesWhoeverCallsAnyMethodOrSetsAnyProperty() async throws {
        try await ControlStage.with { stage in
            stage.plane.with { $0.fault = ControlFault(.notAllowed, "never") }
            let expected = "org.kmi.Proxy1.Error.NotAllowed"
            for (method, arguments) in try Self.goodCalls() {
                #expect(await errorName { try await stage.call(method, arguments) } == expected, "\(method)")
            }
            for (property, value) in ["RotationMode": BusValue.string("sticky"), "DryRun": .boolean(true)] {
                #expect(
                    await errorName {
                        try await stage.set(ControlPath.manager, ManagerInterface.name, property, value)
                    } == expected)
            }
            let key = ControlPath.key("alpha")
            for (property, value) in ["Enabled": BusValue.boolean(true), "Priority": .int32(1), "Weight": .uint32(1)] {
                #expect(
                    await errorName { try await stage.set(key, KeyInterface.name, property, value) } == expected)
            }
            #expect(await errorName { try await stage.call(key, KeyInterface.name, "Reset") } == expected)
            #expect(
                await errorName { try await stage.call(ControlPath.client("ci"), ClientInterface.name, "Revoke") }
                    == expected)
        }
    }

    /// Calls that would succeed, of all methods that the daemon can refuse.
    private static func goodCalls() throws -> [(ManagerInterface.Method, [BusValue])] {
        let none: BusValue = .variants([:])
        return [
            (.addKey, [.string("new"), .string("kimi"), .descriptor(try Pipe.closed("sk-planted").reading), none]),
            (.removeKey, [.string("alpha")]), (.rotate, [none]), (.resetKeys, []),
            (.createClient, [.string("new"), none]), (.revokeClient, [.string("ci")]), (.reload, []),
            (.listRequests, [none]), (.getRequest, [.string("req-1")]), (.getUsage, [none]), (.getPrices, [none]),
            (.importPrices, [.descriptor(try Pipe.closed("{}").reading)]),
        ]
    }

    @Test func wrongLabelsAndOptionsDoNotReachTheDaemon() async throws {
        try await ControlStage.with { stage in
            let secret = BusValue.descriptor(try Pipe.closed("sk-planted").reading)
            let calls: [(ManagerInterface.Method, [BusValue])] = [
                (.addKey, [.string("no label"), .string("kimi"), secret, .variants([:])]),
                (.addKey, [.string("new"), .string("no provider"), secret, .variants([:])]),
                (.addKey, [.string("new"), .string("kimi"), secret, .variants(["weight": .uint32(0)])]),
                (.addKey, [.string("new"), .string("kimi"), secret, .variants(["priority": .string("high")])]),
                (.removeKey, [.string("")]),
                (.rotate, [.variants(["label": .string("alpha")])]),
                (.createClient, [.string("new"), .variants(["scopes": .strings(["root"])])]),
                (.revokeClient, [.string("../ci")]),
                (.listRequests, [.variants(["limit": .uint32(1001)])]),
                (.getUsage, [.variants(["by": .string("week")])]),
                (.getPrices, [.variants(["provider": .string("kimi")])]),
                (.importPrices, [.descriptor(try Pipe.closed("").reading)]),
                (.subscribe, [.variants(["everything": .boolean(true)])]),
            ]
            for (method, arguments) in calls {
                #expect(
                    await errorName { try await stage.call(method, arguments) } == Self.invalidArgument,
                    "\(method) \(arguments)")
            }
            #expect(stage.plane.asked == [])
            #expect(!stage.service.hasSubscribers)
        }
    }

    @Test(arguments: [
        ([UInt8](), "the descriptor holds nothing"),
        (Array("sk-\0planted".utf8), "expected one line of visible ASCII"),
        (Array("sk-planted\nsecond".utf8), "expected one line of visible ASCII"),
        ([UInt8](repeating: UInt8(ascii: "k"), count: 65_537), "the descriptor holds more than 65536 bytes"),
    ])
    func aSecretThatIsNoneDoesNotReachTheDaemon(bytes: [UInt8], reason: String) async throws {
        try await ControlStage.with { stage in
            do {
                try await Self.addKey(on: stage, try Pipe.closed(bytes))
                Issue.record("the secret was taken")
            } catch let error as BusError {
                #expect(error.name.text == Self.invalidArgument)
                #expect(error.message == "secret: \(reason)")
            }
            #expect(stage.plane.asked == [])
        }
    }

    @Test func aPipeThatNeverEndsIsGivenUp() async throws {
        try await ControlStage.with(secrets: SecretReader(deadline: .milliseconds(100))) { stage in
            let pipe = try Pipe(Array("sk-planted\n".utf8))
            #expect(await errorName { try await Self.addKey(on: stage, pipe) } == Self.invalidArgument)
            #expect(stage.service.secrets.readingsUnderWay == 0)
            // The daemon serves on.
            #expect(try await stage.call(.resetKeys) == [.uint32(3)])
            pipe.close()
        }
    }

    private static func addKey(on stage: ControlStage, _ pipe: Pipe) async throws {
        try await stage.call(
            .addKey, [.string("new"), .string("kimi"), .descriptor(pipe.reading), .variants([:])])
    }

    @Test func standardErrorsAreThoseOfTheStandard() async throws {
        try await ControlStage.with { stage in
            let path = ControlPath.manager
            let interface = ManagerInterface.name
            let standard = "org.freedesktop.DBus.Error."
            #expect(
                await errorName { try await stage.call(path, interface, "Explode") } == standard + "UnknownMethod")
            #expect(
                await errorName { try await stage.call(path, "org.kmi.Unheard", "Reload") }
                    == standard + "UnknownInterface")
            #expect(
                await errorName { try await stage.call("/org/kmi/Proxy1/key/none", KeyInterface.name, "Reset") }
                    == standard + "UnknownObject")
            #expect(
                await errorName { try await stage.call(.removeKey, [.uint32(1)]) } == standard + "InvalidArgs")
            #expect(await errorName { try await stage.call(.removeKey) } == standard + "InvalidArgs")
            #expect(
                await errorName { _ = try await stage.get(path, interface, "Novelty") }
                    == standard + "UnknownProperty")
            #expect(
                await errorName { try await stage.set(path, interface, "Version", .string("9")) }
                    == standard + "PropertyReadOnly")
            #expect(
                await errorName { try await stage.set(path, interface, "DryRun", .string("yes")) }
                    == standard + "InvalidArgs")
            #expect(
                await errorName {
                    try await stage.set(ControlPath.key("alpha"), KeyInterface.name, "Weight", .uint32(0))
                } == Self.invalidArgument)
            #expect(stage.plane.asked == [])
        }
    }
}
