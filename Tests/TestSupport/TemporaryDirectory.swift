public import Foundation

/// A directory of mode 0700 that lives as long as a scope.
public struct TemporaryDirectory: Sendable {
    /// Its absolute path.
    public let path: String

    /// Makes a directory, hands it to `body` and removes it with everything in it afterwards, whatever happens.
    public static func with<Value>(_ body: (TemporaryDirectory) async throws -> Value) async throws -> Value {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        return try await body(directory)
    }

    /// The path of an entry.
    public func path(_ name: String) -> String { self.path + "/" + name }

    /// Writes a file of mode 0600 (or another), making the directories above it, and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try self.write(name, Data(text.utf8), mode: mode)
    }

    /// Writes a file of mode 0600 (or another), making the directories above it, and returns its path.
    @discardableResult
    public func write(_ name: String, _ data: Data, mode: Int = 0o600) throws -> String {
        let path = self.path(name)
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: parent,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        guard FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: mode]) else {
            throw TestFailure("cannot write \(path)")
        }
        return path
    }

    /// Makes a directory of mode 0700 and returns its path.
    public func makeDirectory(_ name: String) throws -> String {
        let path = self.path(name)
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return path
    }

    // Short, because the path of a Unix socket may have 107 bytes only.
    private init() throws {
        var template = Array((NSTemporaryDirectory() + "kmi-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestFailure("cannot make a temporary directory: errno \(errno)")
        }
        self.path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private func remove() {
        do {
            try FileManager.default.removeItem(atPath: self.path)
        } catch {
            FileHandle.standardError.write(Data("cannot remove \(self.path): \(error)\n".utf8))
        }
    }
}
