import Foundation
import ProxyCore

/// Reads the configuration from all its sources: option over variable over file over default.
///
/// A reload runs the same loader again and so reads the same sources with the same precedence (T-014).
struct ConfigurationLoader: Sendable {
    /// Whether the secrets are fetched as well.
    enum Secrets: Sendable {
        /// They are, and one that is missing is a problem.
        case load
        /// They are not, for checking a file on another machine.
        case skip
    }

    /// `--config`, if it was given.
    var configPath: String?
    /// Options that set keys, by the key: `control.bus` for `--bus`.
    var options: [String: String] = [:]
    /// The environment.
    var environment: [String: String] = ProcessInfo.processInfo.environment
    /// Where the daemon's state lies, for `store:`.
    var stateDirectory: String?
    /// Where the machine's configuration lies.
    var systemDirectory = "/etc/kmi"

    /// Reads and checks everything; `now` tells tokens that are no longer good.
    func load(secrets: Secrets = .load, now: WallTime) -> Result<LoadedConfiguration, ConfigurationProblems> {
        var reader = ConfigurationReader()
        let found = self.files.find()
        reader.problems = found.problems
        reader.warnings = found.warnings
        for path in found.paths {
            switch ConfigurationFiles.read(path) {
            case .failure(let failure): reader.problems += failure.problems
            case .success(let bytes):
                do throws(ConfigurationSyntaxError) {
                    reader.read(try ConfigurationDocument(source: path, bytes: bytes))
                } catch {
                    reader.problems.append(error.problem)
                }
            }
        }
        ConfigurationEnvironment.read(self.environment, into: &reader)
        self.readOptions(into: &reader)
        var validator = ConfigurationValidator(reader, now: now)
        reader = validator.run()
        var loaded = LoadedConfiguration(reader, files: found.paths)
        if secrets == .load {
            self.fetchSecrets(of: &reader, into: &loaded)
            self.fetchCertificates(of: &reader, into: &loaded, now: now)
        }
        return self.result(reader, loaded)
    }

    /// Where the files are looked for.
    var files: ConfigurationFiles {
        ConfigurationFiles(
            configPath: self.configPath, environment: self.environment, systemDirectory: self.systemDirectory)
    }

    private func result(
        _ reader: ConfigurationReader,
        _ loaded: LoadedConfiguration
    ) -> Result<LoadedConfiguration, ConfigurationProblems> {
        let order = ["command line", "environment"] + loaded.files
        func sorted(_ list: [ConfigurationProblem]) -> [ConfigurationProblem] {
            var seen: Set<ConfigurationProblem> = []
            let unique = list.filter { seen.insert($0).inserted }
            func rank(_ problem: ConfigurationProblem) -> (Int, Int, String) {
                let place = order.firstIndex(of: problem.origin.source) ?? order.count
                return (place, problem.origin.line ?? 0, problem.origin.source + problem.origin.key)
            }
            return unique.enumerated().sorted { left, right in
                let (first, second) = (rank(left.element), rank(right.element))
                return first == second ? left.offset < right.offset : first < second
            }.map(\.element)
        }
        var loaded = loaded
        loaded.warnings = sorted(reader.warnings)
        guard reader.problems.isEmpty else {
            return .failure(
                ConfigurationProblems(
                    problems: sorted(reader.problems), warnings: loaded.warnings, followed: loaded.followed))
        }
        return .success(loaded)
    }

    private func readOptions(into reader: inout ConfigurationReader) {
        for (name, text) in self.options.sorted(by: { $0.key < $1.key }) {
            let option = "--" + (name.split(separator: ".").last ?? "")
            let origin = ConfigurationOrigin(source: "command line", line: nil, key: option)
            guard let setting = ConfigurationSchema.document.setting(name) else {
                reader.report("there is no key \"\(name)\"", at: origin)
                continue
            }
            reader.read(text, as: setting, from: origin)
        }
    }

    // MARK: Certificates

    /// Reads what TLS towards callers is made of, and tells of certificates that callers would refuse.
    private func fetchCertificates(
        of reader: inout ConfigurationReader, into loaded: inout LoadedConfiguration, now: WallTime
    ) {
        let outcome = CertificateLoader(environment: self.environment)
            .load(reader.configuration.server.tls, origins: reader.origins)
        func origin(_ name: String) -> ConfigurationOrigin {
            reader.origins[name] ?? ConfigurationOrigin(source: "default", line: nil, key: name)
        }
        loaded.followed = outcome.followed
        loaded.tls = outcome.credentials
        for (setting, reason) in outcome.problems { reader.report(reason, at: origin(setting)) }
        if let credentials = outcome.credentials, let finding = CertificateDiagnosis.finding(credentials, now: now),
            finding.isRefused
        {
            reader.warn(finding.message, at: origin("server.tls.certificate"))
        }
    }

    // MARK: Secrets

    /// Longer credentials are refused when a caller sends them, so no longer one could ever be right.
    private static let largestToken = 4096

    /// Fetches every secret, notes what fails, and reports those that are the same.
    private func fetchSecrets(of reader: inout ConfigurationReader, into loaded: inout LoadedConfiguration) {
        var holders: [(secret: Secret, holder: String, provider: ProviderName?, origin: ConfigurationOrigin)] = []
        for entry in reader.keys {
            guard let label = entry.draft.label, let reference = entry.draft.secret else { continue }
            let origin = entry.origin(of: "secret")
            if let query = SecretService.Query(reference, maximum: SecretLoader.largest) {
                loaded.serviceSecrets[.key(label)] = query
                continue
            }
            do throws(ConfigurationValueError) {
                let secret = try self.loader(for: origin).load(reference, maximum: SecretLoader.largest)
                loaded.keySecrets[label] = secret
                holders.append((secret, "the key \"\(label)\"", entry.draft.provider, origin))
            } catch {
                reader.report("the secret of the key \"\(label)\" cannot be used: \(error.reason)", at: origin)
            }
        }
        for entry in reader.clients {
            guard let name = entry.draft.name, let reference = entry.draft.token else { continue }
            let origin = entry.origin(of: "token")
            if let query = SecretService.Query(reference, maximum: Self.largestToken) {
                loaded.serviceSecrets[.client(name)] = query
                continue
            }
            do throws(ConfigurationValueError) {
                let secret = try self.loader(for: origin).load(reference, maximum: Self.largestToken)
                loaded.clientTokens[name] = secret
                holders.append((secret, "the client \"\(name)\"", nil, origin))
            } catch {
                reader.report("the token of the client \"\(name)\" cannot be used: \(error.reason)", at: origin)
            }
        }
        let alreadyReported = Self.sharedReferences(reader)
        for (index, entry) in holders.enumerated() {
            let same = holders.enumerated().filter { $0.offset != index && $0.element.secret == entry.secret }
            guard !same.isEmpty, !alreadyReported.contains(entry.origin) else { continue }
            let others = same.map(\.element.holder).joined(separator: ", ")
            let text = "\(entry.holder) has the same secret as \(others)"
            if entry.provider == nil
                || same.contains(where: { $0.element.provider == nil || $0.element.provider == entry.provider })
            {
                reader.report("\(text); each needs its own", at: entry.origin)
            } else {
                reader.warn("\(text), for another provider", at: entry.origin)
            }
        }
    }

    private func loader(for origin: ConfigurationOrigin) -> SecretLoader {
        SecretLoader(
            directory: (origin.source as NSString).deletingLastPathComponent, environment: self.environment,
            store: self.stateDirectory.map(SecretDirectory.init(stateDirectory:)))
    }

    /// Where the same reference stands twice, the same secret is no news.
    private static func sharedReferences(_ reader: ConfigurationReader) -> Set<ConfigurationOrigin> {
        let places =
            reader.keys.compactMap { entry in entry.draft.secret.map { ($0, entry.origin(of: "secret")) } }
            + reader.clients.compactMap { entry in entry.draft.token.map { ($0, entry.origin(of: "token")) } }
        let groups = Dictionary(grouping: places) { $0.0 }
        return Set(groups.values.filter { $0.count > 1 }.flatMap { $0.map(\.1) })
    }
}
