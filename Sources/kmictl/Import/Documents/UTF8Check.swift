/// Looks for bytes that are no text, without making a copy of them.
enum UTF8Check {
    /// Refuses what is not UTF-8, and NUL, by its line.
    static func check(_ bytes: some Sequence<UInt8>) throws(KeyFileError) {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var line = 1
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return
            case .error: throw KeyFileError(line: line, "is not UTF-8 text")
            case .scalarValue("\0"): throw KeyFileError(line: line, "holds a NUL character: this is no text file")
            case .scalarValue("\n"): line += 1
            case .scalarValue: break
            }
        }
    }
}
