import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore
import Synchronization

extension DaemonControl {
    // MARK: How keys take turns

    func setRotationMode(_ mode: String) async throws(ControlFault) {
        guard let mode = RotationMode(rawValue: mode) else {
            throw ControlFault(
                .invalidArgument,
                "A mode is one of " + RotationMode.allCases.map(\.rawValue).joined(separator: ", ")
                    + ", and not \"\(mode.printable)\".")
        }
        try await self.change(.rotationMode, to: mode.rawValue)
    }

    func setDryRun(_ isOn: Bool) async throws(ControlFault) {
        try await self.change(.dryRun, to: "\(isOn)")
    }

    private func change(_ subject: RuntimeChanges.Subject, to value: String) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            var changes = self.keeper.inForce.changes
            let step = self.override(subject, value, in: &changes)
            try await self.commit(
                [step],
                as: AuditEntry(
                    "setting_changed", "setting changed", ["setting": "\(subject.text)", "value": "\(value)"]))
            self.keeper.apply(changes, to: self.gateway)
            self.hub.statusChanged()
        }
    }

    func rotate(to key: String?, of provider: String?) async throws(ControlFault) -> Rotation {
        try await self.inTurn { () throws(ControlFault) in
            let label = try key.map { (text) throws(ControlFault) in try self.knownLabel(text) }
            let name = try self.provider(named: provider, of: label)
            let former = self.gateway.nextKey(of: name)
            let rotation: KeyRotation
            do throws(KeyRotationRefusal) {
                rotation = try self.gateway.rotate(to: label, of: name)
            } catch {
                throw ControlFault(error, at: self.time)
            }
            let saved = await self.saveMemory(
                as: AuditEntry(
                    "rotated", "rotated by hand",
                    ["key": "\(rotation.key)", "provider": "\(name)", "reason": "\(rotation.reason.rawValue)"]))
            self.hub.service?.rotated(
                from: former?.text ?? "", to: rotation.key.text, reason: rotation.reason.rawValue)
            self.hub.statusChanged()
            try saved.get()
            return Rotation(key: rotation.key.text, reason: rotation.reason.rawValue)
        }
    }

    private func provider(named text: String?, of label: KeyLabel?) throws(ControlFault) -> ProviderName {
        if let text {
            guard let name = ProviderName(text),
                self.keeper.inForce.effective.configuration.providers.contains(where: { $0.name == name })
            else { throw ControlFault(.notFound, "There is no provider \"\(text.printable)\".") }
            return name
        }
        if let label, let name = self.gateway.dispatcher.provider(of: label) { return name }
        guard let provider = self.keeper.inForce.effective.configuration.defaultProvider else {
            throw ControlFault(.notFound, "There is no provider yet: add a key first.")
        }
        return provider.name
    }

    // MARK: Clients

    func createClient(_ name: String, options: ClientOptions) async throws(ControlFault) -> SecretText {
        try await self.inTurn { () throws(ControlFault) in
            var client = try self.newClient(name, options: options)
            let token = Self.newToken()
            client.tokenDigest = token.withBytes { TokenTable.digest(of: $0, key: self.installationKey) }
            try await self.commit(
                [.addClient(client)],
                as: AuditEntry("client_created", "client created", ["client": "\(client.name)"]))
            var changes = self.keeper.inForce.changes
            changes.clients.removeAll { $0.name == client.name }
            changes.clients.append(client)
            self.keeper.apply(changes, to: self.gateway)
            self.announceObjects()
            return token
        }
    }

    /// A token of 256 random bits.
    private static func newToken() -> SecretText {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var random = SystemRandomNumberGenerator()
        // 43 characters of six bits each hold 256 of them; the prefix lets scanners for leaked secrets find it.
        return SecretText(
            bytes: Array("kmi_".utf8) + (0..<43).map { _ in alphabet[Int.random(in: 0..<64, using: &random)] })
    }

    private func newClient(
        _ text: String, options: ClientOptions
    ) throws(ControlFault) -> RuntimeChanges.CreatedClient {
        guard let name = ClientName(text) else {
            throw ControlFault(
                .invalidArgument,
                "A name is 1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit, and not "
                    + "\"\(text.printable)\".")
        }
        let inForce = self.keeper.inForce
        guard !inForce.effective.configuration.clients.contains(where: { $0.name == name }),
            !inForce.changes.clients.contains(where: { $0.name == name })
        else { throw ControlFault(.alreadyExists, "There is a client \"\(name)\" already.") }
        var client = RuntimeChanges.CreatedClient(name: name, tokenDigest: [], createdAt: self.time.wallTime())
        if !options.scopes.isEmpty { client.scopes = [] }
        for text in options.scopes {
            guard let scope = Configuration.Client.Scope(rawValue: text) else {
                let known = Configuration.Client.Scope.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlFault(.invalidArgument, "A scope is one of \(known), and not \"\(text.printable)\".")
            }
            client.scopes.insert(scope)
        }
        for text in options.models {
            guard let model = ModelName(text) else {
                throw ControlFault(.invalidArgument, "\"\(text.printable)\" is no name of a model.")
            }
            client.models.append(model)
        }
        client.routes = options.routes
        client.projects = options.projects
        for (kind, limit) in options.limits.values {
            guard let kind = Configuration.Key.Limit(rawValue: kind.rawValue),
                limit <= Configuration.Key.Limit.largest
            else {
                throw ControlFault(
                    .invalidArgument, "option \(kind.rawValue): expected at most \(Configuration.Key.Limit.largest)")
            }
            client.limits[kind] = Int(limit)
        }
        if !options.project.isEmpty {
            guard options.projects.isEmpty || options.projects.contains(options.project) else {
                // Each of its requests that names none would be refused.
                throw ControlFault(.invalidArgument, "option project: expected one of those that projects names")
            }
            guard RequestControls.isName(options.project) else {
                // Its requests would be counted under a name that no caller could send.
                throw ControlFault(
                    .invalidArgument,
                    "option project: expected s, 1 to \(RequestControls.longestName) printable ASCII characters")
            }
            client.project = options.project
        }
        if options.expiresAt > 0 {
            let expires = WallTime(microseconds: Int64(clamping: options.expiresAt))
            guard expires > self.time.wallTime() else {
                throw ControlFault(.invalidArgument, "expires_at lies in the past.")
            }
            client.expires = expires
        }
        return client
    }

    func revokeClient(_ name: String) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let inForce = self.keeper.inForce
            if let entry = inForce.file.clients.first(where: { $0.draft.name?.text == name }) {
                throw ControlFault(
                    .notAllowed,
                    "The client \"\(name.printable)\" stands in \(entry.origin.reference(from: "")): remove it there.")
            }
            guard let client = inForce.changes.clients.first(where: { $0.name.text == name }) else {
                throw ControlFault(.notFound, "There is no client \"\(name.printable)\".")
            }
            try await self.commit(
                [.removeClient(client.name)],
                as: AuditEntry("client_revoked", "client revoked", ["client": "\(client.name)"]))
            var changes = inForce.changes
            changes.clients.removeAll { $0.name == client.name }
            self.keeper.apply(changes, to: self.gateway)
            self.announceObjects()
        }
    }

    // MARK: Configuration

    func reload() async throws(ControlFault) -> [ReloadEntry] {
        try await self.inTurn { () throws(ControlFault) in
            let entries = try await self.readAgain()
            return self.untold.withLock { untold in
                defer { untold = UntoldChanges() }
                return untold.with(entries, at: self.time.now())
            }
        }
    }

    /// Reads the configuration again without having been asked: what comes of it is told to whoever asks soon.
    func reloadUnasked() async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let entries = try await self.readAgain()
            self.untold.withLock { $0.note(entries, at: self.time.now()) }
        }
    }

    private func readAgain() async throws(ControlFault) -> [ReloadEntry] {
        guard !self.health.isDraining else {
            throw ControlFault(.busy, "The daemon is ending: it reads no configuration any more.")
        }
        let reloader = self.reloader
        let result = try await self.offLoop { reloader.read() }
        let loaded: LoadedConfiguration
        switch result {
        case .failure(let problems):
            reloader.reject(problems)
            self.trail.keep(
                AuditEntry(
                    "config_reloaded", "",
                    [
                        "problems": "\(problems.problems.count)",
                        "first": "\(problems.problems.first?.description ?? "")",
                    ],
                    target: "", result: .failed))
            throw ControlFault(
                .invalidConfig, problems.problems.map(\.description).joined(separator: "\n"))
        case .success(let read):
            loaded = read
        }
        let (entries, outdated) = reloader.apply(loaded)
        let changes = entries.map { "\($0.key) \($0.result)" }.joined(separator: ", ")
        self.trail.keep(
            AuditEntry("config_reloaded", "", ["changes": "\(changes.isEmpty ? "none" : changes)"], target: ""))
        await self.forget(outdated)
        await self.askForServiceSecrets()
        self.store.setRetention(Retention(self.keeper.inForce.effective.configuration))
        self.hub.attention.configure(self.keeper.inForce.effective.configuration.notifications)
        await self.loadPrices(of: loaded)
        self.announceObjects()
        self.announceKeys()
        self.hub.service?.configReloaded(entries)
        return entries
    }

    /// Puts the price table of a configuration that is in force in force as well; that it cannot be read is no failure of it.
    private func loadPrices(of loaded: LoadedConfiguration) async {
        let (prices, now) = (self.prices, self.time.wallTime())
        do throws(ControlFault) {
            let warnings = try await self.offLoop { prices.load(loaded, now: now) }
            self.gateway.setPrices(prices.list)
            for warning in warnings { self.hub.service?.warning(warning.kind.rawValue, warning.message) }
        } catch {
            self.logger.warning(
                "the price table was not read again", metadata: ["event": "prices_not_loaded", "reason": "\(error)"])
        }
    }

    /// Takes what the file has overtaken out of the state, so that it does not come back when the file says again what it
    /// said before.
    ///
    /// The file's word is in force either way: that the disk does not take it is a warning and no failure.
    func forget(_ outdated: [RuntimeChanges.Subject]) async {
        guard !outdated.isEmpty else { return }
        do throws(StateStoreError) {
            try await self.store.commit(outdated.map { .override($0, nil) })
        } catch {
            self.logger.warning(
                "the configuration file has overtaken changes that cannot be taken out of the state",
                metadata: [
                    "event": "overtaken_kept", "reason": "\(error)",
                    "settings": "\(outdated.map(\.text).sorted().joined(separator: " "))",
                ])
        }
    }
}

extension ControlFault {
    /// Why a rotation by hand is refused, and what to do.
    fileprivate init(_ refusal: KeyRotationRefusal, at time: any TimeSource) {
        func back(_ instant: Instant?) -> String {
            guard let instant else { return "" }
            let seconds = max(0, (instant - time.now()).seconds.rounded(.up))
            return ", and comes back in \(Int(seconds)) s"
        }
        switch refusal {
        case .noKeys:
            self.init(.notFound, "The provider has no key: add one first.")
        case .noUsableKey(let shortage):
            self.init(.busy, "No key of the provider is usable\(back(shortage.soonest)); kmictl keys list shows them.")
        case .keyNotUsable(let key):
            self.init(
                .notAllowed,
                "The key \"\(key.label)\" is \(key.state.rawValue)\(back(key.usableAt)): "
                    + (key.state == .disabled ? "enable it first." : "reset it, if you know that it works."))
        case .wrongProvider:
            self.init(.invalidArgument, "The key belongs to another provider.")
        }
    }
}
