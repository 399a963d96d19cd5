import ProxyCore

/// The bytes of pairs of hexadecimal digits; others are left out.
func bytes(_ text: some StringProtocol) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

extension Secret {
    /// A secret of a text.
    convenience init(_ text: String) { self.init(bytes: Array(text.utf8)) }

    /// Its bytes.
    var content: [UInt8] { self.withBytes { Array($0) } }
}
