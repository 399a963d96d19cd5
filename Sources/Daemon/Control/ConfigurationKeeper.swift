import Gateway
import Logging
import ProxyCore
import Synchronization

/// The configuration in force: what the files say, what a person changed on top, and the secrets of both.
///
/// The one place that puts a configuration in force (T-014). Changes are made one after the other, by
/// ``DaemonControl``; reading needs no turn.
final class ConfigurationKeeper: Sendable {
    /// One moment's state, as a value.
    struct InForce: Sendable {
        /// What the files said when they were last read, with the keys that need a restart as they were.
        var file: LoadedConfiguration
        /// What a person changed.
        var changes: RuntimeChanges
        /// The secrets of the added keys.
        var addedSecrets: [KeyLabel: Secret]
        /// Added keys that are being removed: they are there until their requests have ended, and serve nothing new.
        var leaving: Set<KeyLabel> = []
        /// Why secrets of the Secret Service are not there.
        var serviceFailures: [SecretHolder: SecretServiceFailure] = [:]
        /// Goes up with everything that may have changed or replaced a secret: what was asked before says nothing of it.
        var secretsVersion: UInt64 = 0
        /// How the Secret Service is asked for the secret of an added key.
        let addedQuery: @Sendable (KeyLabel) -> SecretService.Query
        /// All together.
        var effective: EffectiveConfiguration

        /// Puts both together.
        init(
            file: LoadedConfiguration, changes: RuntimeChanges, addedSecrets: [KeyLabel: Secret],
            addedQuery: @escaping @Sendable (KeyLabel) -> SecretService.Query
        ) {
            self.file = file
            self.changes = changes
            self.addedSecrets = addedSecrets
            self.addedQuery = addedQuery
            self.effective = EffectiveConfiguration(
                file: file.configuration, changes: changes, hasSecret: { _ in false }, isAwaited: { _ in true })
            self.combine()
        }

        /// Puts both together anew.
        mutating func combine() {
            let (secrets, awaited) = (self.addedSecrets, self.awaited)
            self.effective = EffectiveConfiguration(
                file: self.file.configuration, changes: self.changes, leaving: self.leaving,
                hasSecret: { secrets[$0] != nil }, isAwaited: { awaited[.key($0)] != nil })
            // A key of the file would be sent without any credential as long as its secret is not there.
            let written = Set(self.file.configuration.keys.map(\.label))
            self.effective.configuration.keys.removeAll {
                written.contains($0.label) && awaited[.key($0.label)] != nil
            }
            self.serviceFailures = self.serviceFailures.filter { awaited[$0.key] != nil }
            self.forgetOutdated()
        }

        /// What the file has overtaken does not come back when the file says again what it said before.
        private mutating func forgetOutdated() {
            for subject in self.effective.outdated { self.changes.overrides[subject] = nil }
        }

        /// Whether the file needs the secret that lies in `secrets/` under a name.
        func refers(to label: KeyLabel) -> Bool {
            let reference = SecretReference.store(id: label.text)
            return self.file.configuration.keys.contains { $0.secret == reference }
                || self.file.configuration.clients.contains { $0.token == reference }
        }

        /// The secret of every key that takes part.
        var keySecrets: [KeyLabel: Secret] {
            self.file.keySecrets.merging(
                self.addedSecrets.filter { self.effective.addedKeys.contains($0.key) },
                uniquingKeysWith: { file, _ in file })
        }
    }

    private let state: Mutex<InForce>
    /// Where the log goes, and how much of it.
    let output: LogOutput
    private let logger: Logger
    private let installationKey: [UInt8]

    init(
        file: LoadedConfiguration, changes: RuntimeChanges, addedSecrets: [KeyLabel: Secret], installationKey: [UInt8],
        output: LogOutput, logger: Logger, addedQuery: @escaping @Sendable (KeyLabel) -> SecretService.Query
    ) {
        self.state = Mutex(
            InForce(file: file, changes: changes, addedSecrets: addedSecrets, addedQuery: addedQuery))
        self.installationKey = installationKey
        self.output = output
        self.logger = logger
    }

    /// What is in force.
    var inForce: InForce { self.state.withLock { $0 } }

    /// What is in force, in the gateway's terms.
    var snapshot: GatewaySnapshot { self.snapshot(of: self.inForce) }

    /// Puts another set of a person's changes in force for requests that begin from now on.
    func apply(
        _ changes: RuntimeChanges, addedSecrets: [KeyLabel: Secret]? = nil, leaving: Set<KeyLabel>? = nil,
        to gateway: Gateway
    ) {
        let present = self.state.withLock { state in
            state.changes = changes
            if let addedSecrets {
                state.addedSecrets = addedSecrets
                state.secretsVersion += 1
            }
            if let leaving { state.leaving = leaving }
            state.combine()
            return state
        }
        gateway.apply(self.snapshot(of: present))
    }

    /// Puts a configuration that was read anew in force.
    ///
    /// Returns what that changed, and the person's changes that no longer hold because the file has changed under them.
    func apply(
        _ loaded: LoadedConfiguration, to gateway: Gateway
    ) -> (changes: [ConfigurationDifference.Change], outdated: [RuntimeChanges.Subject]) {
        var difference: ConfigurationDifference?
        var isLevelChanged = false
        let present = self.state.withLock { state in
            var loaded = loaded
            loaded.keepServiceSecrets(of: state.file)
            let found = ConfigurationDifference(from: state.file, to: loaded)
            let former = state.file
            state.file = loaded
            state.secretsVersion += 1
            // What needs a restart counts as changed again at the next reload, until it has been restarted.
            state.file.configuration = found.effective
            if found.keepsTLS { state.file.tls = former.tls }
            for change in found.changes where change.outcome == .restartRequired {
                state.file.values[change.key] = former.values[change.key]
                state.file.origins[change.key] = former.origins[change.key]
            }
            isLevelChanged = former.configuration.log.level != loaded.configuration.log.level
            state.combine()
            difference = found
            return state
        }
        gateway.apply(self.snapshot(of: present))
        // One that was chosen at run time holds until the file says another.
        if isLevelChanged { self.output.minimumLevel = Logger.Level(present.effective.configuration.log.level) }
        self.reportLeftOut(present.effective)
        return (difference?.changes ?? [], present.effective.outdated)
    }

    /// Takes in what the Secret Service has answered, and puts it in force once there is a gateway.
    ///
    /// Returns whose secrets came in or went.
    func settle(_ answers: [SecretHolder: SecretAnswer], to gateway: Gateway? = nil) -> Set<SecretHolder> {
        var changed: Set<SecretHolder> = []
        let present = self.state.withLock { state in
            changed = state.settle(answers)
            return state
        }
        if let gateway, !changed.isEmpty { gateway.apply(self.snapshot(of: present)) }
        return changed
    }

    /// Tells the log what of the state cannot take part.
    func reportLeftOut(_ effective: EffectiveConfiguration) {
        for reason in effective.leftOut {
            self.logger.warning("left out", metadata: ["event": "state_left_out", "reason": "\(reason)"])
        }
    }

    private func snapshot(of state: InForce) -> GatewaySnapshot {
        GatewaySnapshot(
            configuration: state.effective.configuration,
            keySecrets: state.keySecrets,
            clientTokens: state.file.clientTokens,
            tokenDigests: Dictionary(
                state.changes.clients.filter { state.effective.createdClients.contains($0.name) }
                    .map { ($0.name, $0.tokenDigest) }, uniquingKeysWith: { first, _ in first }),
            installationKey: self.installationKey
        )
    }
}
