import Glibc

/// Reading files of `/proc`, which have no size and are made while they are read.
enum SystemFile {
    /// More than any file read here has; `/proc/stat` grows with the number of interrupts.
    private static let maximumLength = 1 << 20

    /// The content of a file, `nil` if it cannot be read to its end.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8_192)
        while content.count < Self.maximumLength {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return String(decoding: content, as: UTF8.self) }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            content.append(contentsOf: buffer.prefix(count))
        }
        return nil
    }

    /// How many entries a directory has, `nil` if it cannot be listed.
    static func entryCount(_ path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // Names of digits only; "." and ".." are no entries.
            if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }
}
