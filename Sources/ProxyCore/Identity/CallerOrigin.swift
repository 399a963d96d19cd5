/// Where a request comes from, before anything is known of its credential.
///
/// Every limiter, log, metric and audit derives from this and from nothing else who is calling (L-005).
public struct CallerOrigin: Sendable, Hashable {
    /// The user at the other end of a Unix socket, as the kernel names it; `nil` on TCP.
    public let userID: UInt32?
    /// The address that the request comes from, after the trusted proxies; `nil` on a Unix socket, and where none can be
    /// read.
    public let address: NumericAddress?

    /// Finds out where a request comes from.
    ///
    /// A Unix socket has no address that could be one of a trusted proxy, so header fields say nothing there.
    ///
    /// - Parameters:
    ///   - transport: How the peer is connected.
    ///   - headers: The fields of the request, of which `Forwarded` and `X-Forwarded-For` matter.
    ///   - trustedProxies: The proxies that are believed.
    public init(
        _ transport: ConnectionInfo.Transport, headers: HeaderFields = HeaderFields(),
        trustedProxies: [AddressBlock] = []
    ) {
        switch transport {
        case .unix(let userID, _):
            (self.userID, self.address) = (userID, nil)
        case .tcp(let peer):
            self.userID = nil
            self.address = NumericAddress(peer).map {
                ForwardedAddress.origin(of: headers, from: $0, trusting: trustedProxies)
            }
        }
    }

    /// Who is calling: the client whose token was shown, else the user behind the Unix socket, else the address.
    public func identity(showing client: ClientName? = nil) -> CallerIdentity {
        if let client { return .client(client) }
        if let userID { return .user(userID) }
        return self.address.map { .address($0) } ?? .unknown
    }
}
