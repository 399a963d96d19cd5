import DBusKit
import Glibc
import Synchronization
import TestSupport

/// An object for tests.
final class TestObject: BusObject {
    static let path: ObjectPath = "/org/example/Object"
    static let interface: InterfaceName = "org.example.Test"

    /// How many calls of `Wait` were cancelled.
    var cancelledWaits: Int { self.cancelled.withLock { $0 } }
    private let cancelled = Mutex(0)
    private let waits: AsyncStream<Void>.Continuation
    /// Yields whenever a call of `Wait` begins.
    let waiting: AsyncStream<Void>

    init() {
        (self.waiting, self.waits) = AsyncStream.makeStream()
    }

    var interfaces: [InterfaceDescription] {
        let text = ArgumentDescription(name: "text", signature: "s")
        let pipe = ArgumentDescription(name: "pipe", signature: "h")
        return [
            InterfaceDescription(
                name: Self.interface,
                methods: [
                    MethodDescription(name: "Echo", input: [text], output: [text]),
                    MethodDescription(name: "Wait", input: [], output: []),
                    MethodDescription(name: "Fail", input: [text], output: []),
                    MethodDescription(name: "Write", input: [pipe, text], output: []),
                    MethodDescription(name: "Make", input: [], output: [pipe]),
                    MethodDescription(name: "Flaw", input: [], output: [text]),
                ],
                properties: [
                    PropertyDescription(name: "Colour", signature: "s", access: .read, change: .announced)
                ],
                signals: [SignalDescription(name: "Happened", arguments: [text])]
            )
        ]
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        ["Colour": .string("green")]
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        switch call.member.text {
        case "Echo": return call.arguments
        case "Wait":
            self.waits.yield()
            await untilCancelled()
            self.cancelled.withLock { $0 += 1 }
            return []
        case "Fail": throw BusError("org.example.Error.Failed", call.arguments.first?.asString ?? "")
        case "Write":
            let text = call.arguments.last?.asString ?? ""
            call.arguments.first?.asDescriptor?.withDescriptor { _ = write($0, text, text.utf8.count) }
            return []
        case "Make":
            let (reading, writing) = try Self.pipe()
            writing.withDescriptor { _ = write($0, "made", 4) }
            return [.descriptor(reading)]
        case "Flaw": return [.string("\u{0}")]
        default: throw BusError(.unknownMethod, call.member.text)
        }
    }

    /// Two ends that do not block; no program that another test starts inherits one.
    static func pipe() throws(BusError) -> (OwnedDescriptor, OwnedDescriptor) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw BusError(.failed, "socketpair: \(errno)") }
        return (OwnedDescriptor(owning: ends[0]), OwnedDescriptor(owning: ends[1]))
    }

    /// What can be read at the moment; `nil` if there is nothing, but may yet be.
    static func readAll(_ descriptor: OwnedDescriptor) -> String? {
        descriptor.withDescriptor { number in
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(number, &bytes, bytes.count)
            return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }
}
