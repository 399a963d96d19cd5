import Glibc

/// Finds out who listens on a port, without opening anything of the daemon's.
struct PortLook {
    /// So much of a table is read: some ten thousand sockets.
    private static let largest = 4 << 20

    /// Where the system tells of its processes.
    var directory = "/proc"

    /// Who listens on a port at 127.0.0.1; `nil` if nobody does.
    func holder(of port: UInt16) -> PortHolder? {
        let sockets = ["tcp", "tcp6"].flatMap { ListeningSocket.parse(self.text("net/\($0)") ?? "") }
        guard let socket = sockets.first(where: { $0.port == port && $0.takesLoopback }) else { return nil }
        let process = self.process(having: socket.inode)
        return PortHolder(
            process: process, name: process.flatMap { self.text("\($0)/comm") }.map(Self.firstLine) ?? "",
            user: Self.user(socket.userID))
    }

    private func process(having inode: UInt64) -> Int32? {
        let wanted = "socket:[\(inode)]"
        for process in self.names(in: "").compactMap({ Int32($0) }) {
            let descriptors = "\(process)/fd"
            for name in self.names(in: descriptors) where self.target("\(descriptors)/\(name)") == wanted {
                return process
            }
        }
        return nil
    }

    private static func firstLine(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }

    private static func user(_ identifier: UInt32) -> String {
        var record = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(identifier, &record, &buffer, buffer.count, &result) == 0, result != nil,
            let name = record.pw_name
        else { return String(identifier) }
        return String(cString: name)
    }

    // MARK: Files

    private func target(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = readlink("\(self.directory)/\(path)", &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// The names of a directory; none if it is another user's or has gone.
    private func names(in path: String) -> [String] {
        guard let stream = opendir("\(self.directory)/\(path)") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private func text(_ path: String) -> String? {
        let descriptor = open("\(self.directory)/\(path)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < Self.largest {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
