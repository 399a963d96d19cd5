import DBusControl
import Gateway
import ProxyCore
import StateStore

extension DaemonControl {
    func managerStatus() -> ManagerStatus {
        let inForce = self.keeper.inForce
        let now = self.time.now()
        let keys = self.gateway.dispatcher.snapshots(at: now)
        let configuration = inForce.effective.configuration
        var status = ManagerStatus()
        status.version = Version.text
        status.commit = Version.commit
        status.builtAt = Version.builtAt
        status.degraded = self.lookForDegraded()
        status.state = self.health.isDraining ? "draining" : status.degraded.isEmpty ? "running" : "degraded"
        status.listeners = self.listeners.all.map(\.url)
        status.rotationMode = configuration.rotation.mode.rawValue
        status.dryRun = configuration.server.dryRun
        status.activeKey =
            configuration.defaultProvider.flatMap { self.gateway.nextKey(of: $0.name) }?.text ?? ""
        status.startedAt = self.startedAt.unsigned
        status.keysTotal = UInt32(clamping: keys.count)
        status.keysUsable = UInt32(clamping: keys.count { $0.state == .usable })
        status.requestsInFlight = UInt32(clamping: self.gateway.requestsInFlight)
        status.nextUsableAt = keys.compactMap(\.usableAt).min().map { self.wallTime(of: $0) } ?? 0
        status.jobs = self.jobs.states.map(JobStatus.init)
        status.warnings = self.standingWarnings().map { "\($0.code): \($0.message)" }
        return status
    }

    /// Looks at the parts that tell of themselves only when they are asked, and returns the words of all that are broken.
    func lookForDegraded() -> [String] {
        self.health.set(.storage, isBroken: self.store.trouble != nil)
        self.health.set(.memory, isBroken: self.gateway.pressure.isShedding)
        self.health.set(.secrets, isBroken: !self.keeper.inForce.awaitedLines.isEmpty)
        self.health.set(.notifications, isBroken: self.isDesktopMissing)
        return self.health.degraded
    }

    /// A line of the property `Warnings`.
    struct StandingWarning: Sendable, Equatable {
        /// Every code that there can be.
        static let codes =
            [SecretWatch.warning, JobBoard.warning] + PriceWarning.Kind.allCases.map(\.rawValue)
            + CertificateDiagnosis.codes + DaemonControl.desktopWarningCodes

        /// The word that programs know it by.
        let code: String
        /// For a person.
        let message: String
    }

    /// What a person should know and see to, as long as it is so.
    func standingWarnings() -> [StandingWarning] {
        let now = self.time.wallTime()
        var warnings = self.keeper.inForce.awaitedLines.map {
            StandingWarning(code: SecretWatch.warning, message: $0)
        }
        warnings += self.prices.warnings(now: now).map {
            StandingWarning(code: $0.kind.rawValue, message: $0.message)
        }
        if let finding = self.listeners.credentials.flatMap({ CertificateDiagnosis.finding($0, now: now) }) {
            warnings.append(StandingWarning(code: finding.code, message: finding.message))
        }
        return warnings + JobBoard.warnings(self.jobs.states) + self.desktopWarnings(at: self.time.now())
    }

    func keys() -> [KeyStatus] {
        let now = self.time.now()
        let settings = KeySettings(self.keeper.inForce)
        return self.gateway.dispatcher.snapshots(at: now).map { self.status(of: $0, settings, at: now) }
    }

    func key(_ label: String) -> KeyStatus? {
        let now = self.time.now()
        guard let label = KeyLabel(label),
            let snapshot = self.gateway.dispatcher.snapshot(of: label, at: now)
        else { return nil }
        return self.status(of: snapshot, KeySettings(self.keeper.inForce, of: label), at: now)
    }

    /// What is set of keys rather than happens to them, by label.
    private struct KeySettings {
        let secrets: [KeyLabel: Secret]
        let keys: [KeyLabel: Configuration.Key]
        let added: [KeyLabel: RuntimeChanges.AddedKey]

        /// Those of all keys, or of one.
        init(_ inForce: ConfigurationKeeper.InForce, of label: KeyLabel? = nil) {
            self.secrets = inForce.keySecrets
            self.keys = Dictionary(
                inForce.effective.configuration.keys.lazy.filter { label == nil || $0.label == label }
                    .map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
            self.added = Dictionary(
                inForce.changes.keys.lazy.filter {
                    (label == nil || $0.label == label) && inForce.effective.addedKeys.contains($0.label)
                }.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    private func status(of key: KeySnapshot, _ settings: KeySettings, at now: Instant) -> KeyStatus {
        let secret = settings.secrets[key.label]
        let counts =
            self.gateway.counts.key(
                UsageCounts.KeyID(label: key.label, provider: key.provider)) ?? UsageCounts.Key()
        var status = KeyStatus()
        status.label = key.label.text
        status.provider = key.provider.text
        status.state = key.state.rawValue
        status.reason = key.reason?.rawValue ?? ""
        status.usableAt = key.usableAt.map { self.wallTime(of: $0) } ?? 0
        status.enabled = key.isEnabled
        status.priority = Int32(clamping: key.priority)
        status.weight = UInt32(clamping: key.weight)
        status.limits = settings.keys[key.label].map { KeyLimits($0) } ?? KeyLimits()
        status.account = settings.added[key.label]?.account ?? ""
        status.origin =
            settings.added[key.label] != nil ? "state" : settings.keys[key.label] != nil ? "file" : "local"
        status.masked = secret?.masked ?? ""
        status.fingerprint = secret.map { KeyFingerprint.of($0, installationKey: self.installationKey) } ?? ""
        status.inFlight = UInt32(clamping: key.inFlight)
        status.requests = counts.requests
        status.errors = Dictionary(counts.errors.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)
        status.warn = key.isWarned
        status.windows = key.windows.map { window in
            KeyStatus.Window(
                name: window.name, used: window.used ?? .nan, limit: window.limit ?? .nan,
                resetsAt: window.resetsAt?.unsigned ?? 0)
        }
        status.inconsistentWindows = key.windows.filter(\.isInconsistent).map(\.name)
        status.lastUsedAt = counts.lastUsedAt?.unsigned ?? 0
        status.modelStates = key.modelStates.map { model in
            KeyStatus.ModelState(
                model: model.model.text, state: model.state.rawValue, reason: model.reason?.rawValue ?? "",
                usableAt: model.usableAt.map { self.wallTime(of: $0) } ?? 0)
        }
        return status
    }

    func clients() -> [ClientStatus] {
        let effective = self.keeper.inForce.effective
        return effective.configuration.clients.map { self.status(of: $0, in: effective) }
    }

    func client(_ name: String) -> ClientStatus? {
        let effective = self.keeper.inForce.effective
        return effective.configuration.clients.first { $0.name.text == name }
            .map { self.status(of: $0, in: effective) }
    }

    private func status(of client: Configuration.Client, in effective: EffectiveConfiguration) -> ClientStatus {
        let counts = self.gateway.counts.client(client.name) ?? UsageCounts.Client()
        var status = ClientStatus()
        status.name = client.name.text
        status.scopes = client.scopes.map(\.rawValue).sorted()
        status.models = client.models.map(\.text)
        status.routes = client.routes
        status.projects = client.projects
        for (kind, limit) in [
            (KeyLimits.Kind.rps, client.rps), (.rpm, client.rpm), (.tpm, client.tpm), (.inFlight, client.inFlight),
        ] {
            status.limits[kind] = UInt32(clamping: limit ?? 0)
        }
        status.project = client.project ?? ""
        status.origin = effective.createdClients.contains(client.name) ? "state" : "file"
        status.expiresAt = client.expires?.unsigned ?? 0
        status.lastSeenAt = counts.lastSeenAt?.unsigned ?? 0
        status.requests = counts.requests
        return status
    }

    private func wallTime(of instant: Instant) -> UInt64 {
        self.hub.clock.wallTime(of: instant).unsigned
    }
}
