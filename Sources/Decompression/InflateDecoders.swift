public import ProxyCore

/// Side decoders for `gzip` and `deflate`; other codings are not read.
public struct InflateDecoders: SideDecoders {
    private let limits: DecompressionLimits

    /// Makes decoders that keep to these limits.
    public init(limits: DecompressionLimits = DecompressionLimits()) {
        self.limits = limits
    }

    /// A decoder for the value of a `Content-Encoding` field.
    ///
    /// Names of codings are compared without regard to case, and `x-gzip` is gzip (RFC 9110 section 8.4.1).
    public func decoder(for coding: String) -> (any SideDecoder)? {
        let name = coding.utf8.filter { $0 != 0x20 && $0 != 0x09 }.map(Self.lowercased)
        guard ["gzip", "x-gzip", "deflate"].contains(where: { name.elementsEqual($0.utf8) }) else { return nil }
        return InflateDecoder(limits: self.limits)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}
