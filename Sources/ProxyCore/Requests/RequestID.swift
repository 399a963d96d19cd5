/// The id of a request, in every answer, log entry and trace.
public enum RequestID {
    /// How many random bytes ``make(randomBytes:)`` wants.
    public static let randomByteCount = 16

    /// The id that the caller gave: the value of `X-Request-Id` if there is exactly one of 1 to 128 visible ASCII
    /// characters.
    public static func given(by headers: HeaderFields) -> String? {
        let values = headers.all("x-request-id")
        guard values.count == 1, let value = values.first, (1...128).contains(value.utf8.count),
            value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return value
    }

    /// An id of our own: `req_` and the random bytes in hexadecimal digits.
    public static func make(randomBytes: some Sequence<UInt8>) -> String {
        var bytes = Array("req_".utf8)
        for byte in randomBytes {
            bytes.append(byte.hexadecimalDigits.high)
            bytes.append(byte.hexadecimalDigits.low)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
