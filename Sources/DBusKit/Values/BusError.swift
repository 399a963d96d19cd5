/// What a call can end with, in both directions.
public struct BusError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where an error comes from.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// An error reply.
        case remote
        /// Nobody answered in time.
        case timedOut
        /// The connection has ended.
        case disconnected
        /// An argument that no message can carry, refused before anything was sent.
        case invalid
        /// A queue is full.
        case limit
        /// There is no way to the bus.
        case unreachable
    }

    /// Where the error comes from.
    public let kind: Kind
    /// The name that messages carry.
    public let name: ErrorName
    /// What went wrong, for people.
    public let message: String

    /// The error reply of an exported object.
    public init(_ name: ErrorName, _ message: String) {
        self.init(kind: .remote, name, message)
    }

    /// An error of any kind.
    public init(kind: Kind, _ name: ErrorName, _ message: String) {
        self.kind = kind
        self.name = name
        self.message = message
    }

    /// Name and message.
    public var description: String { self.message.isEmpty ? self.name.text : "\(self.name): \(self.message)" }
}
