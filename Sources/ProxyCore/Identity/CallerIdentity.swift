/// Who a request comes from, as every limiter, log and metric tells callers apart (L-005): the client whose token was
/// shown, else the user behind a Unix socket, else the address.
public enum CallerIdentity: Sendable, Hashable {
    /// A client, by the token that it showed.
    case client(ClientName)
    /// A user of this machine, by the number that the kernel names for the peer of a Unix socket.
    case user(UInt32)
    /// An address, without a port.
    case address(NumericAddress)
    /// A peer that has no address that could be read.
    case unknown
}

extension CallerIdentity: CustomStringConvertible {
    /// `client:NAME`, `uid:NUMBER`, `address:ADDRESS` or `unknown`.
    public var description: String {
        switch self {
        case .client(let name): "client:\(name)"
        case .user(let number): "uid:\(number)"
        case .address(let address): "address:\(address)"
        case .unknown: "unknown"
        }
    }
}
