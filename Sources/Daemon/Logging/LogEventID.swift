import Crypto

/// The journal's `MESSAGE_ID` of an event, by which its catalog tells what the event means.
///
/// It follows from the event's name alone, as a UUID of version 5 (RFC 9562 section 5.5) in a namespace that never changes, so
/// that an event keeps its id as long as it keeps its name. `uuidgen --sha1 --namespace NAMESPACE --name EVENT` tells the same.
enum LogEventID {
    // 5b1a9d0e-3c56-4f0e-9f6d-7a2c41d8e6b3
    private static let namespace: [UInt8] = [
        0x5B, 0x1A, 0x9D, 0x0E, 0x3C, 0x56, 0x4F, 0x0E, 0x9F, 0x6D, 0x7A, 0x2C, 0x41, 0xD8, 0xE6, 0xB3,
    ]

    /// The id of an event as the journal spells it: 32 hexadecimal digits.
    static func text(of event: String) -> String {
        var bytes = Array(Insecure.SHA1.hash(data: Self.namespace + Array(event.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
