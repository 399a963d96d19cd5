import Foundation
import Synchronization

/// The last requests as they arrived; older ones give way.
final class RequestRing: Sendable {
    /// How many requests are kept.
    static let capacity = 1000
    /// Bodies up to this length are kept.
    static let bodyLimit = 64 << 10

    /// One request.
    struct Entry: Sendable, Equatable {
        var number = 0
        var connection: Int
        var key: String?
        var method: String
        var target: String
        var headers: [AnswerScript.HeaderLine]
        var bodyLength = 0
        var bodyDigest: String?
        var body: [UInt8]?
        var status: Int?
        /// Milliseconds of Unix time.
        var receivedAt: Int
        var completeAt: Int?
        var answeredAt: Int?
        var endedAt: Int?
    }

    /// Finds an entry again as long as it is kept.
    struct Handle: Sendable {
        fileprivate let number: Int
        fileprivate let generation: Int
    }

    private struct State {
        var generation = 0
        var entries: [Entry] = []
        var next = 1
    }

    private let state = Mutex(State())

    /// Appends a request and numbers it, from 1.
    func append(_ entry: Entry) -> Handle {
        self.state.withLock { state in
            var entry = entry
            entry.number = state.next
            state.next += 1
            if state.entries.count < Self.capacity {
                state.entries.append(entry)
            } else {
                state.entries[(entry.number - 1) % Self.capacity] = entry
            }
            return Handle(number: entry.number, generation: state.generation)
        }
    }

    /// Completes a request, if it is still kept.
    func update(_ handle: Handle, _ change: (inout Entry) -> Void) {
        self.state.withLock { state in
            let index = (handle.number - 1) % Self.capacity
            guard handle.generation == state.generation, state.entries.indices.contains(index),
                state.entries[index].number == handle.number
            else { return }
            change(&state.entries[index])
        }
    }

    /// The last `limit` requests, the oldest first.
    func last(_ limit: Int) -> [Entry] {
        let entries = self.state.withLock { $0.entries }
        return Array(entries.sorted { $0.number < $1.number }.suffix(max(0, limit)))
    }

    /// Forgets all requests; numbering begins anew.
    func reset() {
        self.state.withLock { $0 = State(generation: $0.generation + 1) }
    }
}

extension RequestRing.Entry {
    /// The request as an object, with a body that is not UTF-8 in base64.
    var json: JSONValue {
        func optional(_ number: Int?) -> JSONValue { number.map(JSONValue.integer) ?? nil }
        var value: JSONValue = [
            "number": .integer(self.number),
            "connection": .integer(self.connection),
            "key": self.key.map(JSONValue.string) ?? nil,
            "method": .string(self.method),
            "target": .string(self.target),
            "headers": .array(self.headers.map { [.string($0.name), .string($0.value)] }),
            "body_length": .integer(self.bodyLength),
            "body_sha256": self.bodyDigest.map(JSONValue.string) ?? nil,
            "status": optional(self.status),
            "received_ms": .integer(self.receivedAt),
            "complete_ms": optional(self.completeAt),
            "answered_ms": optional(self.answeredAt),
            "ended_ms": optional(self.endedAt),
        ]
        if let body = self.body {
            if let text = String(validating: body, as: UTF8.self) {
                value = value.adding("body", .string(text))
            } else {
                value = value.adding("body_base64", .string(Data(body).base64EncodedString()))
            }
        }
        return value
    }
}
