import DBusKit
import ProxyCore
import Synchronization
import TestSupport

@testable import Daemon

/// A Secret Service for tests, that can be locked, refuse, and fail to answer.
///
/// It keeps what the specification says (version 0.2) as far as the daemon uses it.
final class MockSecretService: Sendable {
    /// How a method behaves that does not do what it is for.
    enum Misbehaviour: Sendable {
        /// It ends with an error, whose text holds a secret.
        case fails(ErrorName)
        /// It never answers.
        case hangs
        /// It wants to ask a person.
        case prompts
        /// It answers with the right types and a wrong content.
        case lies
    }

    /// An entry.
    struct Item: Sendable, Equatable {
        var label: String
        var attributes: [String: String]
        var secret: String
    }

    private struct State {
        var isLocked = false
        var hasCollection = true
        var items: [Int: Item] = [:]
        var last = 0
        var sessions: [ObjectPath: SecretServiceSession] = [:]
        var misbehaviour: [String: Misbehaviour] = [:]
        var calls: [String] = []
    }

    static let collection: ObjectPath = "/org/freedesktop/secrets/collection/main"
    static let prompt: ObjectPath = "/org/freedesktop/secrets/prompt/p1"

    private let state = Mutex(State())
    private let connection: BusConnection

    private init(_ connection: BusConnection) {
        self.connection = connection
    }

    /// Serves on a bus for the time of a scope.
    static func with<Value>(
        on bus: PrivateBus, _ body: (MockSecretService) async throws -> Value
    ) async throws -> Value {
        let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
        let service = MockSecretService(connection)
        do {
            for path in [SecretServiceNames.path, Self.collection, Self.prompt] {
                try connection.export(MockSecretObject(service: service, path: path), at: path)
            }
            guard try await connection.requestName(SecretServiceNames.bus, timeout: .seconds(10)) else {
                throw TestFailure("the name of the Secret Service is taken")
            }
            let value = try await body(service)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    // MARK: What a test says and sees

    /// Whether it is locked; told to whoever listens when it changes.
    var isLocked: Bool {
        get { self.state.withLock(\.isLocked) }
        set {
            self.state.withLock { $0.isLocked = newValue }
            self.connection.propertiesChanged(
                at: Self.collection, interface: SecretServiceNames.collection, changed: ["Locked": .boolean(newValue)])
        }
    }

    /// Whether there is a default collection.
    func setCollection(exists: Bool) { self.state.withLock { $0.hasCollection = exists } }

    /// Has a method misbehave, or behave again.
    func misbehave(_ method: String, _ misbehaviour: Misbehaviour?) {
        self.state.withLock { $0.misbehaviour[method] = misbehaviour }
    }

    /// The entries, in the order of their making.
    var items: [Item] { self.state.withLock { $0.items.sorted { $0.key < $1.key }.map(\.value) } }

    /// The methods that were called, in order.
    var calls: [String] { self.state.withLock(\.calls) }

    /// Adds an entry.
    func add(_ item: Item) throws {
        let number = self.state.withLock { state in
            state.last += 1
            state.items[state.last] = item
            return state.last
        }
        let path = Self.path(of: number)
        try self.connection.export(MockSecretObject(service: self, path: path), at: path)
        self.connection.emit(
            path: Self.collection, interface: SecretServiceNames.collection, member: "ItemCreated", [.path(path)])
    }

    private static func path(of number: Int) -> ObjectPath {
        // A number is always a valid element of a path.
        ObjectPath(Self.collection.text + "/i\(number)") ?? Self.collection
    }

    // MARK: What it does

    fileprivate func isDefault(_ path: ObjectPath) -> Bool {
        path == Self.collection
    }

    fileprivate func perform(_ call: BusCall) async throws(BusError) -> [BusValue] {
        let misbehaviour = self.state.withLock { state in
            state.calls.append(call.member.text)
            return state.misbehaviour[call.member.text]
        }
        switch misbehaviour {
        case .fails(let name): throw BusError(name, "cannot do this with \(self.items.map(\.secret))")
        case .hangs:
            await untilCancelled()
            throw BusError(.noReply, "")
        case .prompts:
            return call.member == "CreateItem" ? [.path("/"), .path(Self.prompt)] : [.path(Self.prompt)]
        case .lies, nil: break
        }
        let isLying = misbehaviour != nil
        switch call.member.text {
        case "OpenSession": return try self.open(call, isLying: isLying)
        case "ReadAlias": return [.path(self.state.withLock(\.hasCollection) ? Self.collection : "/")]
        case "SearchItems": return self.search(call)
        case "CreateItem": return try self.create(call)
        case "GetSecret": return try self.secret(call, isLying: isLying)
        case "Delete": return self.delete(call)
        default: return []
        }
    }

    private func open(_ call: BusCall, isLying: Bool) throws(BusError) -> [BusValue] {
        guard call.arguments[0].asString == SecretServiceExchange.algorithm else {
            throw BusError(SecretServiceNames.notSupported, "")
        }
        let exchange = SecretServiceExchange()
        guard let session = call.arguments[1].asVariant?.byteArray.flatMap({ exchange.session(with: $0) }) else {
            throw BusError(.invalidArgs, "")
        }
        let path = self.state.withLock { state in
            state.last += 1
            let path = ObjectPath("/org/freedesktop/secrets/session/s\(state.last)") ?? "/"
            state.sessions[path] = session
            return path
        }
        return [.variant(.byteArray(isLying ? [1] : exchange.publicKey)), .path(path)]
    }

    private func search(_ call: BusCall) -> [BusValue] {
        let wanted = call.arguments[0].asDictionary?.compactMapValues(\.asString) ?? [:]
        let (found, isLocked) = self.state.withLock { state in
            let found = state.items.filter { item in
                wanted.allSatisfy { item.value.attributes[$0.key] == $0.value }
            }
            return (found.keys.sorted(), state.isLocked)
        }
        let paths = found.map { BusValue.path(Self.path(of: $0)) }
        return [.array(of: "o", isLocked ? [] : paths), .array(of: "o", isLocked ? paths : [])]
    }

    private func create(_ call: BusCall) throws(BusError) -> [BusValue] {
        guard !self.isLocked else { return [.path("/"), .path(Self.prompt)] }
        let properties = call.arguments[0].asDictionary ?? [:]
        guard let fields = call.arguments[1].asStructure, let session = fields[0].asPath,
            let known = self.state.withLock({ $0.sessions[session] }),
            let parameters = fields[1].byteArray, let value = fields[2].byteArray
        else { throw BusError("org.freedesktop.Secret.Error.NoSession", "") }
        let secret: String
        do throws(SecretServiceFailure) {
            secret = try known.open(.init(parameters: parameters, value: value)).withText { $0 }
        } catch {
            throw BusError(.invalidArgs, "")
        }
        let item = Item(
            label: properties[SecretServiceNames.itemLabel]?.asString ?? "",
            attributes: properties[SecretServiceNames.itemAttributes]?.asDictionary?.compactMapValues(\.asString)
                ?? [:],
            secret: secret)
        let same = self.state.withLock { state in
            let same = state.items.first { $0.value.attributes == item.attributes }?.key
            if let same { state.items[same] = item }
            return same
        }
        if let same { return [.path(Self.path(of: same)), .path("/")] }
        do {
            try self.add(item)
        } catch {
            throw BusError(.failed, "")
        }
        return [.path(Self.path(of: self.state.withLock(\.last))), .path("/")]
    }

    private func secret(_ call: BusCall, isLying: Bool) throws(BusError) -> [BusValue] {
        guard !self.isLocked else { throw BusError(SecretServiceNames.isLocked, "") }
        guard let path = call.arguments[0].asPath, let session = self.state.withLock({ $0.sessions[path] }) else {
            throw BusError("org.freedesktop.Secret.Error.NoSession", "")
        }
        guard let item = self.item(at: call.path) else { throw BusError(SecretServiceNames.noSuchObject, "") }
        let sealed: SecretServiceSession.Sealed
        do throws(SecretServiceFailure) {
            sealed = try session.seal(Secret(bytes: Array(item.secret.utf8)))
        } catch {
            throw BusError(.failed, "")
        }
        return [
            .structure([
                .path(path), .byteArray(sealed.parameters),
                .byteArray(isLying ? sealed.value.map { $0 ^ 0x55 } : sealed.value), .string("text/plain"),
            ])
        ]
    }

    private func delete(_ call: BusCall) -> [BusValue] {
        guard !self.isLocked else { return [.path(Self.prompt)] }
        self.state.withLock { state in
            for number in state.items.keys where Self.path(of: number) == call.path { state.items[number] = nil }
        }
        return [.path("/")]
    }

    private func item(at path: ObjectPath) -> Item? {
        self.state.withLock { state in state.items.first { Self.path(of: $0.key) == path }?.value }
    }
}

/// One of its objects.
private struct MockSecretObject: BusObject {
    let service: MockSecretService
    let path: ObjectPath

    var interfaces: [InterfaceDescription] {
        func method(_ name: MemberName, _ input: [Signature], _ output: [Signature]) -> MethodDescription {
            MethodDescription(
                name: name, input: input.enumerated().map { .init(name: "in\($0.offset)", signature: $0.element) },
                output: output.enumerated().map { .init(name: "out\($0.offset)", signature: $0.element) })
        }
        switch self.path {
        case SecretServiceNames.path:
            return [
                InterfaceDescription(
                    name: SecretServiceNames.service,
                    methods: [
                        method("OpenSession", ["s", "v"], ["v", "o"]), method("ReadAlias", ["s"], ["o"]),
                        method("SearchItems", ["a{ss}"], ["ao", "ao"]),
                    ])
            ]
        case MockSecretService.collection:
            return [
                InterfaceDescription(
                    name: SecretServiceNames.collection,
                    methods: [method("CreateItem", ["a{sv}", "(oayays)", "b"], ["o", "o"])],
                    properties: [PropertyDescription(name: "Locked", signature: "b")],
                    signals: [
                        SignalDescription(name: "ItemCreated", arguments: [.init(name: "item", signature: "o")])
                    ])
            ]
        case MockSecretService.prompt:
            return [
                InterfaceDescription(name: SecretServiceNames.prompt, methods: [method("Dismiss", [], [])])
            ]
        default:
            return [
                InterfaceDescription(
                    name: SecretServiceNames.item,
                    methods: [method("GetSecret", ["o"], ["(oayays)"]), method("Delete", [], ["o"])])
            ]
        }
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        interface == SecretServiceNames.collection ? ["Locked": .boolean(self.service.isLocked)] : [:]
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] { try await self.service.perform(call) }
}

extension BusValue {
    /// An `ay`.
    static func byteArray(_ bytes: [UInt8]) -> BusValue { .array(of: "y", bytes.map { .byte($0) }) }

    /// The bytes of an `ay`.
    var byteArray: [UInt8]? { self.asArray.map { $0.compactMap(\.asByte) } }
}
