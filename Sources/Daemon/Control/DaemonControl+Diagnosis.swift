import DBusControl
import Gateway
import Glibc
import Logging
import ProxyCore
import StateStore
import Synchronization
import SystemSupport

extension DaemonControl {
    /// How long a provider has to answer.
    private static let reachLimit = Duration.seconds(5)
    /// So many providers are asked; nobody has more.
    private static let mostProviders = 32

    /// Looks at everything that only the daemon can see; nothing changes but the permissions of its own state (K-047).
    ///
    /// One at a time: it asks providers over the connections that requests use. `Busy` while another one runs.
    func diagnose(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow] {
        let isFree = self.isDiagnosing.withLock { isDiagnosing in
            defer { isDiagnosing = true }
            return !isDiagnosing
        }
        guard isFree else { throw ControlFault(.busy, "Another diagnosis is under way: ask again in some seconds.") }
        defer { self.isDiagnosing.withLock { $0 = false } }
        return try await self.lookAtEverything(options)
    }

    private func lookAtEverything(_ options: DiagnosisOptions) async throws(ControlFault) -> [DiagnosisRow] {
        let inForce = self.keeper.inForce
        let configuration = inForce.effective.configuration
        // Providers are waited for while the disk is looked at.
        async let reached = self.reach(configuration, isOffline: options.isOffline)
        let seen = try await self.offLoop { [self] in self.lookAround(inForce) }
        for path in seen.repaired {
            // Whoever asks may only look: it is the daemon that closes what is open.
            self.trail.tell(
                AuditEntry(
                    "permission_repaired", "a file was open to others and is not any more", ["file": "\(path)"],
                    actor: "daemon"))
        }
        let (reachRows, offsets) = await reached
        var rows = seen.versions
        rows += seen.configuration
        rows += seen.permissions
        rows += SandboxDiagnosis.rows(seen.sandbox)
        rows += KeyDiagnosis.rows(seen.secrets)
        rows += self.connectionRows
        rows.append(self.desktopRow)
        rows += [CertificateDiagnosis.row(self.listeners.credentials, now: self.time.wallTime())].compactMap(\.self)
        rows += ClockDiagnosis.rows(
            isSynchronised: SystemClock.isSynchronised, shift: self.hub.clock.shift, offsets: offsets)
        rows += KeyDiagnosis.rows(self.keys(), now: self.time.wallTime().unsigned)
        rows += reachRows
        rows +=
            StorageDiagnosis(
                directory: self.stateDirectory, freeBytes: seen.freeBytes, statistics: self.store.statistics,
                trouble: self.store.trouble, backupInterval: configuration.storage.backup, startedAt: self.startedAt,
                now: self.time.wallTime()
            ).rows
        rows += JobBoard.rows(self.jobs.states)
        let needed = configuration.server.limits.connections + configuration.upstream.maxConnections + 512
        rows.append(ProcessDiagnosis.files(used: seen.openFiles, soft: seen.fileLimit, needed: needed))
        rows.append(ProcessDiagnosis.cores(bytes: seen.coreLimit))
        rows.append(
            ProcessDiagnosis.memory(
                watched: seen.memory.map(\.rawValue), threshold: configuration.limits.memoryPressure,
                isShedding: self.gateway.pressure.isShedding))
        return rows
    }

    /// The state directory, which holds `secrets/`.
    private var stateDirectory: String { String(self.secrets.path.dropLast("/secrets".count)) }

    // MARK: What the daemon knows by itself

    private var connectionRows: [DiagnosisRow] {
        let degraded = self.health.degraded
        var rows =
            degraded.contains(Health.Part.bus.rawValue)
            ? [DiagnosisRow("bus", .fail, "kmid is not on it", advice: "see the log of kmid")]
            : [DiagnosisRow("bus", .ok, "kmid is on it as org.kmi.Proxy1")]
        if self.health.isDraining {
            rows.append(
                DiagnosisRow("listener", .warn, "kmid is ending and takes no new requests", advice: "start it again"))
        }
        let open = self.listeners.all
        if !open.contains(where: { $0.kind != "admin" }) {
            rows.append(DiagnosisRow("listener", .fail, "none takes requests", advice: "set server.listen"))
        }
        return rows + open.map { DiagnosisRow("listener", $0.url, .ok, "open (\($0.kind))") }
    }

    // MARK: What has to be looked at

    /// What was seen off the event loops.
    private struct Seen: Sendable {
        var versions: [DiagnosisRow]
        var configuration: [DiagnosisRow]
        var permissions: [DiagnosisRow]
        /// The files that were open to others and have been closed.
        var repaired: [String]
        var secrets: [KeyDiagnosis.SecretPlace]
        var freeBytes: UInt64?
        var openFiles: Int?
        var fileLimit: UInt64?
        var coreLimit: UInt64?
        var memory: [MemoryReader.Source]
        var sandbox: SandboxState?
    }

    private func lookAround(_ inForce: ConfigurationKeeper.InForce) -> Seen {
        let environment = Self.environment
        let entries = self.permissionLook(inForce, environment).entries()
        return Seen(
            versions: VersionDiagnosis.parts(sqlite: self.store.sqliteVersion).map(VersionDiagnosis.row),
            configuration: ConfigurationDiagnosis.rows(self.reloader.look(), inForce: inForce.file),
            permissions: PermissionDiagnosis.rows(entries),
            repaired: entries.filter(\.isRepaired).map(\.path),
            secrets: self.secretPlaces(inForce),
            freeBytes: Self.freeBytes(of: self.stateDirectory),
            openFiles: Self.openFiles(),
            fileLimit: Self.fileLimit(),
            coreLimit: Self.coreLimit(),
            memory: MemoryReader(.ofThisProcess()).sources,
            sandbox: Sandbox.state(environment: environment)
        )
    }

    /// The variables that are of interest, one by one: values of others may be erased at the same time.
    private static var environment: [String: String] {
        let names = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "KMI_SANDBOX"]
        return names.reduce(into: [:]) { found, name in
            if let value = getenv(name) { found[name] = String(cString: value) }
        }
    }

    private func permissionLook(
        _ inForce: ConfigurationKeeper.InForce, _ environment: [String: String]
    ) -> PermissionLook {
        let secrets = inForce.file.keys.compactMap { entry -> String? in
            guard case .file(let path)? = entry.draft.secret else { return nil }
            let directory = entry.origin.source.split(separator: "/").dropLast().joined(separator: "/")
            return path.hasPrefix("/") ? path : "/\(directory)/\(path)"
        }
        return PermissionLook(
            stateDirectory: self.stateDirectory,
            // A socket elsewhere, such as one that was passed, may lie in a directory that is meant for others.
            runtimeDirectory: Directories.runtimePath(environment), configuration: inForce.file.files,
            secrets: secrets + inForce.file.followed.filter(\.isSecret).map(\.path))
    }

    private func secretPlaces(_ inForce: ConfigurationKeeper.InForce) -> [KeyDiagnosis.SecretPlace] {
        var places: [KeyDiagnosis.SecretPlace] = inForce.file.configuration.keys.map { key in
            KeyDiagnosis.SecretPlace(
                label: key.label.text, place: key.secret.description,
                problem: inForce.file.keySecrets[key.label] == nil ? "it could not be read" : nil)
        }
        for key in inForce.changes.keys where inForce.effective.addedKeys.contains(key.label) {
            places.append(self.secretPlace(of: key, isKnown: inForce.addedSecrets[key.label] != nil))
        }
        return places
    }

    private func secretPlace(of key: RuntimeChanges.AddedKey, isKnown: Bool) -> KeyDiagnosis.SecretPlace {
        guard key.secretPlace == .files else {
            // It was read at the start, or when it was added; asking again could have a person asked for a password.
            return KeyDiagnosis.SecretPlace(
                label: key.label.text, place: key.secretPlace.rawValue, problem: isKnown ? nil : "it could not be read")
        }
        var place = KeyDiagnosis.SecretPlace(label: key.label.text, place: "store:\(key.label)")
        do throws(SecretDirectory.Failure) {
            _ = try self.secrets.read(key.label)
        } catch {
            place.problem = "\(error)"
        }
        return place
    }

    private static func freeBytes(of directory: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    private static func openFiles() -> Int? {
        guard let stream = opendir("/proc/self/fd") else { return nil }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        // Without the two names of directories, and the descriptor that reads them.
        return max(0, count - 3)
    }

    private static func fileLimit() -> UInt64? {
        do throws(DescriptorLimitFailure) {
            return try DescriptorLimit.current().soft
        } catch {
            return nil
        }
    }

    private static func coreLimit() -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { return nil }
        return UInt64(limit.rlim_cur)
    }

    // MARK: Providers

    /// Asks all providers that have keys, and tells how far the clock is ahead of theirs.
    private func reach(
        _ configuration: Configuration, isOffline: Bool
    ) async -> (rows: [DiagnosisRow], offsets: [String: Duration]) {
        if isOffline { return ([], [:]) }
        guard !configuration.server.dryRun else {
            return ([DiagnosisRow(ReachDiagnosis.check, .ok, "left alone, because dry-run is on")], [:])
        }
        let used = Set(configuration.keys.map(\.provider))
        let providers = configuration.providers.filter { used.contains($0.name) }.prefix(Self.mostProviders)
        let findings = await withTaskGroup(of: (Int, DiagnosisRow, Duration?).self) { group in
            for (index, provider) in providers.enumerated() {
                guard let base = provider.openAIBase ?? provider.anthropicBase else { continue }
                group.addTask {
                    let reach = await self.checks.reach(base, pins: provider.pins, within: Self.reachLimit)
                    let row = ReachDiagnosis.row(provider.name.text, host: base.origin.description, reach)
                    return (index, row, self.offset(of: reach))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let sorted = findings.sorted { $0.0 < $1.0 }
        let offsets = sorted.compactMap { finding in finding.2.map { (finding.1.subject, $0) } }
        return (sorted.map(\.1), Dictionary(offsets, uniquingKeysWith: { first, _ in first }))
    }

    /// How far the clock is ahead of the provider's; `nil` if that does not tell.
    private func offset(of reach: ProviderReach) -> Duration? {
        guard case .answered(_, let date?) = reach.end, let seconds = ClockDiagnosis.seconds(ofDate: date) else {
            return nil
        }
        return self.time.wallTime() - WallTime(microseconds: seconds * 1_000_000)
    }
}
