/// Why a request to the control surface was refused: an error of the contract's section 9.
public struct ControlFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of refusal, each an error name `org.kmi.Proxy1.Error.…`.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no such key, client or request.
        case notFound = "NotFound"
        /// The label, name or secret is taken.
        case alreadyExists = "AlreadyExists"
        /// A value that cannot be meant.
        case invalidArgument = "InvalidArgument"
        /// The configuration has problems; nothing has changed.
        case invalidConfig = "InvalidConfig"
        /// It would be possible, but not for this caller or this object.
        case notAllowed = "NotAllowed"
        /// The provider did not do its part.
        case upstreamFailed = "UpstreamFailed"
        /// Not now: the daemon is ending, or its disk is full.
        case busy = "Busy"
    }

    /// The kind.
    public let code: Code
    /// What was wrong and what to do, in one line; without any secret.
    public let message: String

    /// Makes a fault.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { self.message }
}
