import DBusControl

@testable import kmictl

/// The files of keys that are imported: any bytes are read as each format or refused with a message of one line, and nothing
/// that a caller types into a message is longer than what names are.
enum KeyFilesTarget {
    private static let files =
        ["alpha.env", "alpha.json", "alpha.toml"].map {
            KeyFile(path: "/home/a/\($0)", isNamed: true, isClientConfiguration: false)
        } + [KeyFile(path: "/home/a/config.toml", isNamed: true, isClientConfiguration: true)]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        for file in self.files {
            let first = self.read(file, bytes)
            Fuzzing.check(self.read(file, bytes) == first, "other findings the second time: \(file.name)")
            for line in first {
                Fuzzing.check(
                    line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F },
                    "a message of lines: \(line)")
            }
        }
    }

    /// What was found, as lines without secrets.
    private static func read(_ file: KeyFile, _ bytes: UnsafeRawBufferPointer) -> [String] {
        do throws(KeyFileError) {
            return try file.read(SecretText(bytes: bytes), takesAll: true, variable: { _ in nil }).map { finding in
                switch finding {
                case .key(let key): "key of \(key.kind)"
                case .passed(let reason, let advice): "\(reason) \(advice)"
                }
            }
        } catch {
            return [error.text]
        }
    }
}
