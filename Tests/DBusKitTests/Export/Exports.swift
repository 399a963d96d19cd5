import Synchronization

@testable import DBusKit

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
    init(_ object: SampleObject) throws {
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

/// Waits for signals, one after the other.
final class SignalReader {
    private var iterator: AsyncStream<OutgoingSignal>.Iterator

    init(_ exports: Exports) {
        self.iterator = exports.signals.makeAsyncIterator()
    }

    func next() async -> OutgoingSignal? { await self.iterator.next(isolation: #isolation) }
}
