import Foundation
import Glibc
import ProxyCore

/// Fetches the secrets that references name (K-009), those of the Secret Service left out, which is nothing to wait for.
///
/// No message of it holds any part of a secret.
struct SecretLoader: Sendable {
    /// A file of a secret is at most so large.
    static let largest = 64 << 10

    /// Where relative paths of `file:` start: the directory of the file that holds the reference.
    var directory: String
    /// The environment, for `env:` and `$CREDENTIALS_DIRECTORY`.
    var environment: [String: String]
    /// Where the secrets of `store:` lie.
    var store: SecretDirectory?

    /// Fetches a secret of at most `maximum` bytes.
    ///
    /// The error stands behind the name of what needs the secret.
    func load(_ reference: SecretReference, maximum: Int) throws(ConfigurationValueError) -> Secret {
        switch reference {
        case .file(let path):
            let full = path.hasPrefix("/") ? path : self.directory + "/" + path
            return try self.loadFile(full, checksPermissions: true, maximum: maximum)
        case .credential(let name):
            guard let directory = self.environment["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else {
                throw ConfigurationValueError(
                    "credential:\(name) needs $CREDENTIALS_DIRECTORY, which systemd sets for a unit with "
                        + "LoadCredential=\(name):PATH")
            }
            return try self.loadFile(directory + "/" + name, checksPermissions: false, maximum: maximum)
        case .environment(let name):
            guard let value = self.environment[name] else {
                throw ConfigurationValueError("the environment variable \(name) is not set")
            }
            var bytes = Array(value.utf8)
            defer { bytes.withUnsafeMutableBytes { $0.erase() } }
            return try Self.secret(bytes, source: "the environment variable \(name)", maximum: maximum)
        case .secretService:
            // It answers in its own time, or once a person has unlocked it.
            throw ConfigurationValueError("\(reference) is looked up by the running daemon only")
        case .store(let id):
            return try self.loadStored(id, maximum: maximum)
        }
    }

    private func loadStored(_ id: String, maximum: Int) throws(ConfigurationValueError) -> Secret {
        guard let store = self.store, let label = KeyLabel(id) else {
            throw ConfigurationValueError("store:\(id) names no entry of secrets/ in the state directory")
        }
        let stored: Secret
        do throws(SecretDirectory.Failure) {
            stored = try store.read(label)
        } catch {
            throw ConfigurationValueError("store:\(id) cannot be used: \(error)")
        }
        return try stored.withBytes { (bytes) throws(ConfigurationValueError) in
            try Self.secret(bytes, source: "store:\(id)", maximum: maximum)
        }
    }

    private func loadFile(
        _ path: String,
        checksPermissions: Bool,
        maximum: Int
    ) throws(ConfigurationValueError) -> Secret {
        var file: BoundedFile
        switch BoundedFile.read(path, atMost: Self.largest) {
        case .success(let read): file = read
        case .failure(let failure):
            let advice = failure.isMissing ? "; write the secret to it with mode 0600" : ""
            throw ConfigurationValueError("the file \(path) \(failure.reason)\(advice)")
        }
        defer { file.erase() }
        // Its owner can read it, and put another one in its place.
        guard file.isOwnOrRoots else {
            throw ConfigurationValueError(
                "the file \(path) belongs to another user (\(file.owner)); it must belong to the daemon's user or to root"
            )
        }
        // systemd gives credentials to the service's user by an access list, which shows as a group bit.
        guard !checksPermissions || file.mode & 0o077 == 0 else {
            let mode = String(file.mode & 0o777, radix: 8)
            throw ConfigurationValueError(
                "the file \(path) can be read by others (mode 0\(mode)); run: chmod 600 \(Self.quoted(path))")
        }
        return try Self.secret(file.bytes, source: "the file \(path)", maximum: maximum)
    }

    /// Makes the secret: one line end is dropped, and what is left must be visible ASCII, because it goes into a header.
    static func secret(
        _ bytes: some BidirectionalCollection<UInt8>,
        source: String,
        maximum: Int
    ) throws(ConfigurationValueError) -> Secret {
        var content = bytes[...]
        if content.last == UInt8(ascii: "\n") {
            content = content.dropLast()
            if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
        }
        guard !content.isEmpty else { throw ConfigurationValueError("\(source) is empty") }
        guard content.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ConfigurationValueError(
                "\(source) holds spaces, line ends or characters that are not ASCII: expected the secret alone on one line"
            )
        }
        guard content.count <= maximum else {
            throw ConfigurationValueError("\(source) holds more than \(maximum) bytes")
        }
        return Secret(bytes: content)
    }

    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            (0x61...0x7A).contains($0.asciiLowercased) || (0x30...0x39).contains($0) || "/._-@+:".utf8.contains($0)
        }
        return isPlain
            ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
