import Glibc

/// Which directories have to be watched, and for which names in them, so that nothing can happen to a file unseen.
///
/// A file can be written in place, replaced by another one, and be behind links that are set to another target; a directory
/// on the way to it can come and go. Each of these happens in a directory that is named here.
public struct WatchPlaces: Equatable, Sendable {
    /// The names that count, by directory; `nil` stands for all of a directory's names.
    public private(set) var names: [String: Set<String>?] = [:]

    /// More links than any sensible path has; the kernel follows no more either (path_resolution(7)).
    private static let mostLinks = 40

    /// Nothing is watched.
    public init() {}

    /// Watches for everything that could change what is found at an absolute path.
    public mutating func add(file path: String) {
        var rest = Self.components(of: path)[...]
        var directory = "/"
        var links = 0
        while let name = rest.popFirst() {
            if name == ".." {
                directory = Self.parent(of: directory)
                continue
            }
            let here = Self.joined(directory, name)
            guard let target = Self.target(ofLink: here) else {
                // What is not there yet is waited for; of what is a directory, nothing but its contents counts.
                if rest.isEmpty || !Self.exists(here) {
                    self.add(name, in: directory)
                    return
                }
                directory = here
                continue
            }
            self.add(name, in: directory)
            links += 1
            guard links <= Self.mostLinks else { return }
            rest = (Self.components(of: target) + rest)[...]
            if target.hasPrefix("/") { directory = "/" }
        }
    }

    /// Watches for everything that happens in a directory, and for the directory itself.
    public mutating func add(directory path: String) {
        self.add(file: path)
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard realpath(path, &buffer) != nil else { return }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        self.names.updateValue(nil, forKey: String(decoding: bytes, as: UTF8.self))
    }

    /// Whether something that happened to a name in a directory counts.
    ///
    /// An empty name stands for the directory itself.
    func counts(_ name: String, in directory: String) -> Bool {
        guard let names = self.names[directory] else { return false }
        guard let names else { return true }
        return name.isEmpty || names.contains(name)
    }

    private mutating func add(_ name: String, in directory: String) {
        switch self.names[directory] {
        case .none: self.names[directory] = [name]
        case .some(.none): break
        case .some(.some(let names)): self.names[directory] = names.union([name])
        }
    }

    private static func components(of path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }

    private static func joined(_ directory: String, _ name: String) -> String {
        directory == "/" ? "/" + name : directory + "/" + name
    }

    private static func parent(of directory: String) -> String {
        let components = Self.components(of: directory)
        return "/" + components.dropLast().joined(separator: "/")
    }

    private static func target(ofLink path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
