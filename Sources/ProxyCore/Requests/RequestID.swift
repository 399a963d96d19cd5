/// The id of a request, in every answer, log entry and trace.
public enum RequestID {
    /// The id that the caller gave: the value of `X-Request-Id` if there is exactly one of 1 to 128 visible ASCII
    /// characters.
    public static func given(by headers: HeaderFields) -> String? {
        let values = headers.all("x-request-id")
        guard values.count == 1, let value = values.first, (1...128).contains(value.utf8.count),
            value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return value
    }

    /// An id of our own: `req_` and 32 hexadecimal digits, the first half the time in microseconds since 1970, the other random.
    ///
    /// Ids that are made one after the other are so in order, and an index of them grows at its end: a random one would have
    /// a page of its own written for each row.
    public static func make(at time: WallTime, random: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { characters in
            var count = 0
            func append(_ byte: UInt8) {
                characters[count] = byte
                count += 1
            }
            for byte in "req_".utf8 { append(byte) }
            for word in [UInt64(bitPattern: time.microseconds), random] {
                for shift in stride(from: 56, through: 0, by: -8) {
                    let digits = UInt8(truncatingIfNeeded: word >> UInt64(shift)).hexadecimalDigits
                    append(digits.high)
                    append(digits.low)
                }
            }
            return count
        }
    }
}
