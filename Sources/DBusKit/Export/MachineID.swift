import Glibc

/// The identifier of the machine, as machine-id(5) describes it.
enum MachineID {
    /// Where it is kept: by systemd, and by D-Bus where there is none.
    private static let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"]
    /// The digits of an identifier, and a little more than the line end behind them.
    private static let limit = 64

    /// The first valid identifier of some files, 32 hexadecimal digits; `nil` if there is none.
    static func read(from files: [String] = MachineID.files) -> String? {
        for file in files {
            if let text = self.content(of: file), let identifier = self.identifier(in: text) { return identifier }
        }
        return nil
    }

    private static func identifier(in bytes: [UInt8]) -> String? {
        let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        let isIdentifier = line.count == 32 && line.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        return isIdentifier ? String(decoding: line, as: UTF8.self) : nil
    }

    // The connection's thread waits here, for a few bytes of a local file.
    private static func content(of file: String) -> [UInt8]? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: self.limit)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }
}
