/// What may stand behind the semicolon of a chunk's size, byte by byte (RFC 9112 §7.1.1): names that are tokens, values
/// that are tokens or quoted strings, blanks between them.
///
/// Extensions mean nothing here. They are held to their grammar because readers that skip them differently come to
/// different ends of the chunk.
struct ChunkExtensionGrammar {
    private enum Position {
        case beforeName
        case name
        case behindName
        case beforeValue
        case value
        case quoted
        case escaped
        case behindQuotes
        case behindValue
    }

    private static let equals: UInt8 = 0x3D
    private static let quote: UInt8 = 0x22
    private static let backslash: UInt8 = 0x5C

    private var position = Position.beforeName

    /// Whether the line may end here.
    var mayEnd: Bool {
        switch self.position {
        case .name, .value, .behindQuotes: true
        case .beforeName, .behindName, .beforeValue, .quoted, .escaped, .behindValue: false
        }
    }

    /// Moves on by a byte; `false` if it must not stand there.
    mutating func takes(_ byte: UInt8) -> Bool {
        guard let next = self.next(byte) else { return false }
        self.position = next
        return true
    }

    private func next(_ byte: UInt8) -> Position? {
        let isBlank = byte == ByteClass.space || byte == ByteClass.tab
        switch self.position {
        case .beforeName:
            return isBlank ? .beforeName : ByteClass.isToken(byte) ? .name : nil
        case .name, .behindName:
            if byte == Self.equals { return .beforeValue }
            if byte == ByteClass.semicolon { return .beforeName }
            if isBlank { return .behindName }
            return self.position == .name && ByteClass.isToken(byte) ? .name : nil
        case .beforeValue:
            if byte == Self.quote { return .quoted }
            return isBlank ? .beforeValue : ByteClass.isToken(byte) ? .value : nil
        case .value where ByteClass.isToken(byte):
            return .value
        case .quoted:
            if byte == Self.quote { return .behindQuotes }
            if byte == Self.backslash { return .escaped }
            return ByteClass.isFieldValue(byte) ? .quoted : nil
        case .escaped:
            return ByteClass.isFieldValue(byte) ? .quoted : nil
        case .value, .behindQuotes, .behindValue:
            return byte == ByteClass.semicolon ? .beforeName : isBlank ? .behindValue : nil
        }
    }
}
