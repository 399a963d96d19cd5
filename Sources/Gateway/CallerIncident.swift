public import ProxyCore

/// Something that a caller was refused and that an audit keeps (contract section 11).
public struct CallerIncident: Sendable, Equatable {
    /// What it was.
    public enum Kind: Sendable, Equatable {
        /// No credential, or none that is right.
        case authenticationFailed
        /// A key that is out of use was asked for by its label.
        case blockedKey(KeyLabel, KeyState)
    }

    /// What it was.
    public var kind: Kind
    /// How the caller is connected.
    public var transport: ConnectionInfo.Transport
    /// The client whose token was shown; `nil` without one.
    public var client: ClientName?
    /// Why it was refused, a phrase of a closed set: never a part of what the caller sent.
    public var reason: String

    /// Makes an incident.
    public init(
        _ kind: Kind, transport: ConnectionInfo.Transport, client: ClientName? = nil, reason: String
    ) {
        self.kind = kind
        self.transport = transport
        self.client = client
        self.reason = reason
    }
}
