import Foundation
import ProxyCore
import ProxyHTTP

/// Reads what TLS towards callers is made of: certificate, private key, and the authorities of callers' certificates
/// (T-007, L-006).
///
/// No message of it holds any part of what was read.
struct CertificateLoader: Sendable {
    /// A file of certificates is at most so large; the bundles of distributions have a fifth of it.
    static let largest = 1 << 20
    /// A private key is at most so large.
    static let largestKey = 64 << 10

    /// The environment, for `$CREDENTIALS_DIRECTORY`.
    var environment: [String: String]

    /// What came of it.
    struct Outcome: Sendable {
        /// Ready for listeners; `nil` if something is wrong, or there is no TLS.
        var credentials: TLSCredentials?
        /// What is wrong, with the setting that it is wrong with.
        var problems: [(setting: String, reason: String)] = []
        /// The files that were looked at.
        var followed: [FollowedFile] = []
    }

    /// Keeps what was read in one place only and overwrites it there in the end.
    ///
    /// A copy of the value would be overwritten in place of the original, which arrays share until they are written to.
    private final class ErasedFile {
        private(set) var file: BoundedFile

        init(_ file: BoundedFile) {
            self.file = file
        }

        deinit {
            self.file.erase()
        }
    }

    /// Reads everything that settings name; blocks.
    ///
    /// `origins` tells where a setting was written.
    func load(_ tls: Configuration.Server.TLS, origins: [String: ConfigurationOrigin]) -> Outcome {
        var outcome = Outcome()
        // What is missing has been reported by the validator.
        guard let certificate = tls.certificate, let privateKey = tls.privateKey else { return outcome }
        let chain = self.read("certificate", certificate, origins, atMost: Self.largest, &outcome)
        let key = self.read("private_key", privateKey, origins, atMost: Self.largestKey, isSecret: true, &outcome)
            .map(ErasedFile.init)
        var authorities: BoundedFile?
        if tls.clientAuth != .off, let clientCA = tls.clientCA {
            authorities = self.read("client_ca", clientCA, origins, atMost: Self.largest, &outcome)
        }
        guard outcome.problems.isEmpty, let chain, let key else { return outcome }
        do throws(TLSCredentials.Fault) {
            outcome.credentials = try TLSCredentials(
                certificate: chain.bytes, privateKey: key.file.bytes,
                clientCertificates: TLSCredentials.ClientCertificates(tls.clientAuth),
                authorities: authorities?.bytes ?? [])
        } catch {
            let (setting, value) =
                switch error.part {
                case .certificate: ("certificate", certificate)
                case .privateKey: ("private_key", privateKey)
                case .authorities: ("client_ca", tls.clientCA ?? "")
                }
            outcome.problems.append(("server.tls.\(setting)", "\"\(value)\" cannot be used: the file \(error.reason)"))
        }
        return outcome
    }

    /// Reads the file of a setting, and notes that it was looked at.
    private func read(
        _ setting: String, _ value: String, _ origins: [String: ConfigurationOrigin], atMost limit: Int,
        isSecret: Bool = false, _ outcome: inout Outcome
    ) -> BoundedFile? {
        let name = "server.tls.\(setting)"
        do throws(ConfigurationValueError) {
            let place = try self.place(of: value, origin: origins[name])
            // Before it is read: what changes in between is found to be new afterwards.
            outcome.followed.append(
                FollowedFile(
                    path: place.path, state: FollowedFile.State(path: place.path),
                    isSecret: isSecret && !place.isCredential))
            var file: BoundedFile
            switch BoundedFile.read(place.path, atMost: limit) {
            case .success(let read): file = read
            case .failure(let failure): throw ConfigurationValueError("the file \(place.path) \(failure.reason)")
            }
            // systemd gives credentials to the service's user by an access list, which shows as a group bit.
            if isSecret, !place.isCredential, file.mode & 0o077 != 0 {
                file.erase()
                throw ConfigurationValueError(
                    "the file \(place.path) is open to others (mode 0\(String(file.mode & 0o777, radix: 8))); "
                        + "run: chmod 600 \(place.path.shellQuoted), or hand it over with LoadCredential= and "
                        + "\"credential:NAME\"")
            }
            return file
        } catch {
            outcome.problems.append((name, error.reason))
            return nil
        }
    }

    /// Where a setting leads: a path, relative ones beside the file that names them, or a credential of systemd.
    private func place(
        of value: String, origin: ConfigurationOrigin?
    ) throws(ConfigurationValueError) -> (path: String, isCredential: Bool) {
        guard value.hasPrefix("credential:") else {
            if value.hasPrefix("/") { return (value, false) }
            guard let origin, origin.line != nil else {
                throw ConfigurationValueError(
                    "\"\(value)\" is relative, and there is no configuration file that it lies beside: give the whole path"
                )
            }
            return ((origin.source as NSString).deletingLastPathComponent + "/" + value, false)
        }
        let name = String(value.dropFirst("credential:".count))
        guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else {
            throw ConfigurationValueError("\"\(value)\" names no credential: expected \"credential:NAME\"")
        }
        guard let directory = self.environment["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else {
            throw ConfigurationValueError(
                "\(value) needs $CREDENTIALS_DIRECTORY, which systemd sets for a unit with LoadCredential=\(name):PATH")
        }
        return (directory + "/" + name, true)
    }
}

extension TLSCredentials.ClientCertificates {
    /// The configured word in the listener's terms.
    init(_ word: Configuration.Server.ClientAuthentication) {
        self =
            switch word {
            case .off: .off
            case .optional: .optional
            case .required: .required
            }
    }
}

extension String {
    /// The text as one word of a shell's command line.
    fileprivate var shellQuoted: String {
        let isPlain = self.utf8.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "/._-@+:".utf8.contains($0)
        }
        return isPlain ? self : "'" + self.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
