/// Under what a caller's use is counted: small, and the same for all that count as one.
public enum LimitKey: Sendable, Hashable {
    /// A client, by its name.
    case client(ClientName)
    /// A user of this machine.
    case user(UInt32)
    /// An IPv4 address.
    case address(UInt32)
    /// The first half of an IPv6 address: whoever has one address there has all of them (RFC 4291, section 2.5.1).
    case network(UInt64)
    /// Callers that nothing is known of.
    case unknown

    /// The key of a caller.
    public init(_ identity: CallerIdentity) {
        switch identity {
        case .client(let name): self = .client(name)
        case .user(let number): self = .user(number)
        case .address(let address): self.init(address)
        case .unknown: self = .unknown
        }
    }

    /// The key of an address.
    public init(_ address: NumericAddress) {
        let number = address.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self = address.bytes.count == 4 ? .address(UInt32(truncatingIfNeeded: number)) : .network(number)
    }

    /// Whether as many as there are addresses may turn up under such keys.
    var isAddress: Bool {
        switch self {
        case .address, .network: true
        case .client, .user, .unknown: false
        }
    }
}

extension LimitKey: CustomStringConvertible {
    /// `client:NAME`, `uid:NUMBER`, `address:ADDRESS`, `network:PREFIX/64` or `unknown`.
    public var description: String {
        switch self {
        case .client(let name): "client:\(name)"
        case .user(let number): "uid:\(number)"
        case .address(let number):
            "address:" + [24, 16, 8, 0].map { String(number >> $0 & 0xFF) }.joined(separator: ".")
        case .network(let number):
            "network:" + [48, 32, 16, 0].map { String(number >> $0 & 0xFFFF, radix: 16) }.joined(separator: ":")
                + "::/64"
        case .unknown: "unknown"
        }
    }
}
