import Synchronization

@testable import DBusKit

/// An object that does what a test wants.
struct TestObject: BusObject {
    var interfaces: [InterfaceDescription] = [Self.sample]
    var onCall: @Sendable (BusCall) async throws(BusError) -> [BusValue] = { $0.arguments }
    var onProperties: @Sendable (InterfaceName) async throws(BusError) -> [String: BusValue] = { _ in Self.values }
    var onSet: @Sendable (MemberName, InterfaceName, BusValue, BusName?) async throws(BusError) -> Void = {
        _, _, _, _ in
    }
    var onAuthorise: @Sendable (BusCall) async throws(BusError) -> Void = { _ in }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] { try await self.onCall(call) }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        try await self.onProperties(interface)
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        try await self.onSet(name, interface, value, sender)
    }

    func authorise(_ call: BusCall) async throws(BusError) { try await self.onAuthorise(call) }

    /// One of everything; `Echo` answers what it gets.
    static let sample = InterfaceDescription(
        name: "org.example.Sample",
        methods: [
            MethodDescription(
                name: "Echo",
                input: [
                    ArgumentDescription(name: "text", signature: "s"),
                    ArgumentDescription(name: "options", signature: "a{sv}"),
                ],
                output: [
                    ArgumentDescription(name: "text", signature: "s"),
                    ArgumentDescription(name: "options", signature: "a{sv}"),
                ]
            ),
            MethodDescription(name: "Nothing", input: [], output: []),
        ],
        properties: [
            PropertyDescription(name: "Name", signature: "s", change: .const),
            PropertyDescription(name: "Level", signature: "u", access: .readWrite),
            PropertyDescription(name: "Load", signature: "d", change: .silent),
            PropertyDescription(name: "Parts", signature: "as", change: .invalidates),
        ],
        signals: [
            SignalDescription(name: "Moved", arguments: [ArgumentDescription(name: "to", signature: "o")]),
            SignalDescription(name: "Ended", arguments: []),
        ],
        documentation: "A sample."
    )

    /// The values of ``sample``'s properties.
    static let values: [String: BusValue] = [
        "Name": .string("x"), "Level": .uint32(3), "Load": .double(0.5), "Parts": .strings(["a", "b"]),
    ]

    /// Another interface whose members have the same names, and one of its own.
    static let other = InterfaceDescription(
        name: "org.example.Other",
        methods: [
            MethodDescription(name: "Nothing", input: [], output: [ArgumentDescription(name: "n", signature: "u")]),
            MethodDescription(name: "More", input: [], output: []),
            // As a standard interface has it.
            MethodDescription(name: "Ping", input: [], output: []),
        ],
        properties: [
            PropertyDescription(name: "Name", signature: "i"),
            PropertyDescription(name: "Only", signature: "b", access: .readWrite),
        ]
    )

    /// Has ``sample`` and ``other``.
    static let double = TestObject(
        interfaces: [Self.sample, Self.other],
        onProperties: { $0 == Self.sample.name ? Self.values : ["Name": .int32(7), "Only": .boolean(true)] }
    )
}

/// The objects of a connection that is not there: calls come from the test, and signals go to it.
struct Exports: Sendable {
    /// What left for the bus, in its order.
    enum Event: Sendable, Equatable {
        case signal(OutgoingSignal)
        case reply(CallOutcome)
    }

    let objects: ExportedObjects
    /// The signals as they leave, for one reader.
    let signals: AsyncStream<OutgoingSignal>
    private let log: Log

    private final class Log: Sendable {
        let events = Mutex<[Event]>([])
    }

    init() {
        let log = Log()
        let (signals, continuation) = AsyncStream<OutgoingSignal>.makeStream()
        self.log = log
        self.signals = signals
        self.objects = ExportedObjects { signal in
            log.events.withLock { $0.append(.signal(signal)) }
            continuation.yield(signal)
        }
    }

    /// Exports an object at `/a/b`.
    init(_ object: TestObject) throws {
        self.init()
        try self.objects.export(object, at: Self.path)
    }

    /// Where ``init(_:)`` exports.
    static let path: ObjectPath = "/a/b"
    static let caller: BusName = ":1.7"

    var events: [Event] { self.log.events.withLock { $0 } }

    /// Calls a method and waits for the end of the call. A second reply would trap.
    func call(
        _ path: ObjectPath,
        _ interface: InterfaceName?,
        _ member: MemberName,
        _ arguments: [BusValue] = [],
        from sender: BusName? = Exports.caller,
        expectsReply: Bool = true
    ) async -> CallOutcome {
        await withCheckedContinuation { continuation in
            self.start(path, interface, member, arguments, from: sender, expectsReply: expectsReply) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// Calls a method of the object that ``init(_:)`` exports, and waits for the end of the call.
    func call(
        _ interface: InterfaceName?,
        _ member: MemberName,
        _ arguments: [BusValue] = [],
        from sender: BusName? = Exports.caller,
        expectsReply: Bool = true
    ) async -> CallOutcome {
        await self.call(Self.path, interface, member, arguments, from: sender, expectsReply: expectsReply)
    }

    /// Calls a method and goes on.
    func start(
        _ path: ObjectPath,
        _ interface: InterfaceName?,
        _ member: MemberName,
        _ arguments: [BusValue] = [],
        from sender: BusName? = Exports.caller,
        expectsReply: Bool = true,
        reply: @escaping @Sendable (CallOutcome) -> Void = { _ in }
    ) {
        let call = IncomingCall(
            sender: sender,
            path: path,
            interface: interface,
            member: member,
            signature: Signature(joining: arguments.map(\.signature)),
            arguments: arguments,
            expectsReply: expectsReply
        )
        let log = self.log
        self.objects.handle(call) { outcome in
            log.events.withLock { $0.append(.reply(outcome)) }
            reply(outcome)
        }
    }
}

extension CallOutcome {
    /// The answer, `nil` for errors.
    var values: [BusValue]? { if case .values(let values) = self { values } else { nil } }
    /// The error, `nil` for answers.
    var error: BusError? { if case .failure(let error) = self { error } else { nil } }
}

/// Holds whoever comes until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Waits until the gate is open.
    func pass() async {
        await withCheckedContinuation { continuation in
            let resumed = self.state.withLock { state in
                state.arrived += 1
                let arrived = state.arrived
                let watchers = state.watchers.filter { $0.count <= arrived }.map(\.1)
                state.watchers.removeAll { $0.count <= arrived }
                if state.isOpen { return watchers + [continuation] }
                state.waiters.append(continuation)
                return watchers
            }
            for continuation in resumed { continuation.resume() }
        }
    }

    /// Waits until so many have come.
    func arrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.arrived >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// How many have come.
    var arrived: Int { self.state.withLock { $0.arrived } }

    /// Lets everybody pass from now on.
    func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// What was noted, from any thread.
final class Notes<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { self.values.withLock { $0 } }

    func add(_ value: Value) { self.values.withLock { $0.append(value) } }
}

/// Waits for signals, one after the other.
final class SignalReader {
    private var iterator: AsyncStream<OutgoingSignal>.Iterator

    init(_ exports: Exports) {
        self.iterator = exports.signals.makeAsyncIterator()
    }

    func next() async -> OutgoingSignal? { await self.iterator.next(isolation: #isolation) }
}
