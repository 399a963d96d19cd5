public import ProxyCore

/// Something that a caller was refused and that an audit keeps (contract section 11).
public struct CallerIncident: Sendable, Equatable {
    /// What it was.
    public enum Kind: Sendable, Equatable {
        /// No credential, or none that is right.
        case authenticationFailed
        /// A key that is out of use was asked for by its label.
        case blockedKey(KeyLabel, KeyState)
        /// A certificate that is not let in, by its subject; without one where one is asked for now it is empty.
        case certificateRefused(subject: String)
    }

    /// What it was.
    public var kind: Kind
    /// Where the caller calls from: a user or an address, never the client that it says it is.
    public var origin: CallerIdentity
    /// The client whose token was shown; `nil` without one.
    public var client: ClientName?
    /// Why it was refused, a phrase of a closed set: never a part of what the caller sent.
    public var reason: String

    /// Makes an incident.
    public init(
        _ kind: Kind, origin: CallerIdentity, client: ClientName? = nil, reason: String
    ) {
        self.kind = kind
        self.origin = origin
        self.client = client
        self.reason = reason
    }
}
