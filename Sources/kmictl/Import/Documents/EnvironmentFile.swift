import DBusControl
import Glibc

/// Reads a file of `NAME=VALUE` lines, as KMI Manager writes them.
///
/// Blank lines and lines that begin with `#` are passed over, `export` may stand in front. A value may stand in single
/// quotes, or in double ones with `\"`, `\\` and `\$` inside; without quotes it ends at the end of the line, or where `#`
/// follows a blank.
enum EnvironmentFile {
    /// One assignment.
    struct Variable: Sendable {
        var name: String
        /// It may be a secret.
        var value: SecretText
        /// Counted from 1.
        var line: Int
    }

    /// Reads all assignments; the error names the line.
    static func parse(_ contents: SecretText) throws(KeyFileError) -> [Variable] {
        try contents.withBytes { (bytes) throws(KeyFileError) in
            try UTF8Check.check(bytes)
            var variables: [Variable] = []
            var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            var line = 1
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
                if let variable = try Self.variable(bytes[start..<end], line: line) {
                    if let first = variables.first(where: { $0.name == variable.name }) {
                        throw KeyFileError(line: line, "the same name stands in line \(first.line) already")
                    }
                    variables.append(variable)
                }
                start = end + 1
                line += 1
            }
            return variables
        }
    }

    private typealias Bytes = Slice<UnsafeRawBufferPointer>

    private static func variable(_ line: Bytes, line number: Int) throws(KeyFileError) -> Variable? {
        var rest = Self.trimmed(line)
        guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
        if rest.starts(with: "export ".utf8) || rest.starts(with: "export\t".utf8) {
            rest = Self.trimmed(rest.dropFirst(7))
        }
        let nameEnd = rest.firstIndex { !Self.isNamePart($0) } ?? rest.endIndex
        let name = rest[..<nameEnd]
        guard let begin = name.first, !(0x30...0x39).contains(begin), nameEnd < rest.endIndex,
            rest[nameEnd] == UInt8(ascii: "=")
        else { throw KeyFileError(line: number, "expected NAME=VALUE, or # before a remark") }
        return Variable(
            name: String(decoding: name, as: UTF8.self),
            value: try Self.value(Self.trimmed(rest[(nameEnd + 1)...]), line: number), line: number)
    }

    private static func value(_ text: Bytes, line: Int) throws(KeyFileError) -> SecretText {
        guard let quote = text.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            return SecretText(bytes: Self.trimmed(Self.withoutRemark(text)))
        }
        let content = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
        defer {
            if let base = content.baseAddress { explicit_bzero(base, content.count) }
            content.deallocate()
        }
        var count = 0
        var index = text.startIndex + 1
        while index < text.endIndex, text[index] != quote {
            if text[index] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                index += 1
                guard index < text.endIndex, "\"\\$".utf8.contains(text[index]) else {
                    throw KeyFileError(line: line, "expected \\\", \\\\ or \\$ where \\ stands in double quotes")
                }
            }
            content[count] = text[index]
            count += 1
            index += 1
        }
        guard index < text.endIndex else { throw KeyFileError(line: line, "the value has no closing quote") }
        let behind = Self.trimmed(text[(index + 1)...])
        guard behind.isEmpty || behind.first == UInt8(ascii: "#") else {
            throw KeyFileError(line: line, "expected nothing behind the closing quote")
        }
        return SecretText(bytes: UnsafeRawBufferPointer(rebasing: content[..<count]))
    }

    private static func withoutRemark(_ text: Bytes) -> Bytes {
        for index in text.indices where text[index] == UInt8(ascii: "#") {
            if index == text.startIndex || Self.isBlank(text[index - 1]) { return text[..<index] }
        }
        return text
    }

    private static func trimmed(_ text: Bytes) -> Bytes {
        var text = text
        while let byte = text.first, Self.isBlank(byte) { text = text.dropFirst() }
        while let byte = text.last, Self.isBlank(byte) { text = text.dropLast() }
        return text
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
