import Synchronization

/// The credentials that listeners use for TLS, which can be replaced while they listen (T-007).
///
/// A handshake that begins afterwards uses the new ones. Their session tickets are of no use with the old ones, nor the other
/// way round, so that nobody resumes past other rules.
public final class ServerTLS: Sendable {
    /// What a connection is accepted with.
    struct Terms: Sendable {
        var credentials: TLSCredentials
        /// Goes up whenever other certificates are asked of callers.
        var generation: UInt64
    }

    private let state: Mutex<Terms>

    /// Begins with these credentials.
    public init(_ credentials: TLSCredentials) {
        self.state = Mutex(Terms(credentials: credentials, generation: 0))
    }

    /// The credentials in force.
    public var credentials: TLSCredentials { self.terms.credentials }

    /// What a new connection is accepted with.
    var terms: Terms { self.state.withLock { $0 } }

    /// Puts other credentials in force, if they are others.
    ///
    /// Returns the new generation if they ask something else of callers than those before.
    func replace(_ credentials: TLSCredentials) -> UInt64? {
        self.state.withLock { terms in
            guard credentials != terms.credentials else { return nil }
            let isStricter = !credentials.asksTheSame(as: terms.credentials)
            terms.credentials = credentials
            guard isStricter else { return nil }
            terms.generation += 1
            return terms.generation
        }
    }
}
