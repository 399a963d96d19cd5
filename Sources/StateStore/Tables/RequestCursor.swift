/// Where a page of requests ended, as text that only means something to the installation that made it.
///
/// It names a row's number, so rows that come later do not move it. It is no secret and protects nothing.
struct RequestCursor: Sendable, Equatable {
    /// The page continues before this number.
    let number: Int64

    init(number: Int64) {
        self.number = number
    }

    /// Reads a cursor; one of another installation, or none at all, is refused.
    init(_ text: String, mark: [UInt8]) throws(StateStoreError) {
        let prefix = Self.hexadecimal(mark)
        guard text.utf8.count == prefix.utf8.count + 16, text.hasPrefix(prefix),
            let number = Int64(text.dropFirst(prefix.count), radix: 16), number > 0,
            // The one spelling that this program uses.
            RequestCursor(number: number).text(mark: mark) == text
        else {
            throw StateStoreError(
                .invalidCursor, "the cursor is not one that this installation gave out; start without one")
        }
        self.number = number
    }

    /// The cursor as text.
    func text(mark: [UInt8]) -> String {
        Self.hexadecimal(mark)
            + Self.hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: self.number >> (56 - 8 * $0)) })
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
