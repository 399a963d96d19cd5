import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: Keys that come and go

    func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions
    ) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let key = try self.newKey(label, provider: provider, options: options)
            let secret = try self.acceptable(secret, for: key)
            let secrets = self.secrets
            try await self.offLoop {
                do {
                    try secrets.write(secret, named: key.label)
                } catch {
                    throw ControlFault(.busy, "The secret cannot be stored, so nothing has changed: \(error)")
                }
            }
            do throws(StateStoreError) {
                try await self.store.commit([.addKey(key)])
            } catch {
                // A row that may still come to the disk must find its secret.
                if error.code != .timedOut { try await self.offLoop { try secrets.remove(key.label) } }
                throw Self.notCommitted(error)
            }
            var changes = self.keeper.inForce.changes
            changes.keys.removeAll { $0.label == key.label }
            changes.keys.append(key)
            var added = self.keeper.inForce.addedSecrets
            added[key.label] = secret
            self.keeper.apply(changes, addedSecrets: added, to: self.gateway)
            self.audit(
                "key_added", "key added", ["key": "\(key.label)", "provider": "\(key.provider)"])
            self.announceObjects()
        }
    }

    private func newKey(
        _ text: String, provider: String, options: KeyOptions
    ) throws(ControlFault) -> RuntimeChanges.AddedKey {
        guard let label = KeyLabel(text) else {
            throw ControlFault(
                .invalidArgument,
                "A label is 1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit, and not "
                    + "\"\(text.printable)\".")
        }
        let inForce = self.keeper.inForce
        guard self.gateway.dispatcher.provider(of: label) == nil,
            !inForce.changes.keys.contains(where: { $0.label == label })
        else { throw ControlFault(.alreadyExists, "There is a key \"\(label)\" already.") }
        guard let name = ProviderName(provider),
            let target = inForce.file.configuration.provider(named: name)
        else {
            let names = inForce.file.configuration.providers.map(\.name.text)
            let known = ProviderKind.allCases.filter { $0.knownBases != nil }.map(\.rawValue)
            throw ControlFault(
                .notFound,
                "There is no provider \"\(provider.printable)\"; there are "
                    + Set(names + known).sorted().joined(separator: ", ") + ".")
        }
        if let host = inForce.file.configuration.upstream.refusedHost(of: target) {
            throw ControlFault(.notAllowed, "The host \"\(host)\" of \"\(name)\" is not in upstream.allow_hosts.")
        }
        // `store:` references of the file name entries of the same directory.
        guard !inForce.refers(to: label) else {
            throw ControlFault(
                .alreadyExists, "The configuration file refers to store:\(label): choose another label.")
        }
        var key = RuntimeChanges.AddedKey(label: label, provider: name, addedAt: self.time.wallTime())
        key.priority = Int(options.priority)
        key.weight = try self.weight(options.weight)
        key.enabled = options.enabled
        for text in options.models {
            guard let model = ModelName(text) else {
                throw ControlFault(.invalidArgument, "\"\(text.printable)\" is no name of a model.")
            }
            key.models.append(model)
        }
        return key
    }

    private func weight(_ weight: UInt32) throws(ControlFault) -> Int {
        guard (1...1_000_000).contains(weight) else {
            throw ControlFault(.invalidArgument, "A weight is 1 to 1000000.")
        }
        return Int(weight)
    }

    /// The secret alone, if it can be one and no other key has it.
    private func acceptable(
        _ text: SecretText, for key: RuntimeChanges.AddedKey
    ) throws(ControlFault) -> Secret {
        let secret: Secret
        do throws(ConfigurationValueError) {
            secret = try text.withBytes { (bytes) throws(ConfigurationValueError) in
                try SecretLoader.secret(bytes, source: "the secret", maximum: SecretDirectory.largest)
            }
        } catch {
            throw ControlFault(.invalidArgument, error.reason.prefix(1).uppercased() + error.reason.dropFirst() + ".")
        }
        let inForce = self.keeper.inForce
        let providers = Dictionary(
            inForce.effective.configuration.keys.map { ($0.label, $0.provider) },
            uniquingKeysWith: { first, _ in first })
        for (label, other) in inForce.keySecrets where other == secret && providers[label] == key.provider {
            throw ControlFault(.alreadyExists, "The key \"\(label)\" has the same secret.")
        }
        return secret
    }

    func removeKey(_ label: String) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let inForce = self.keeper.inForce
            if let key = inForce.file.configuration.keys.first(where: { $0.label.text == label }) {
                throw ControlFault(
                    .notAllowed,
                    "The key \"\(key.label)\" stands in \(self.file(of: key.label)): remove it there, or disable it.")
            }
            guard let key = inForce.changes.keys.first(where: { $0.label.text == label }) else {
                throw ControlFault(.notFound, "There is no key \"\(label.printable)\" that was added at run time.")
            }
            try await self.commit([.removeKey(key.label)])
            var changes = inForce.changes
            changes.keys.removeAll { $0.label == key.label }
            var added = inForce.addedSecrets
            added[key.label] = nil
            self.keeper.apply(changes, addedSecrets: added, to: self.gateway)
            self.audit("key_removed", "key removed", ["key": "\(key.label)", "provider": "\(key.provider)"])
            self.announceObjects()
            guard !inForce.refers(to: key.label) else {
                self.logger.notice(
                    "the secret of a removed key stays, because the configuration file refers to it",
                    metadata: ["event": "secret_kept", "key": "\(key.label)"])
                return
            }
            let secrets = self.secrets
            try await self.offLoop {
                do {
                    try secrets.remove(key.label)
                } catch {
                    throw ControlFault(.busy, "The key is removed, but its secret could not be: \(error)")
                }
            }
        }
    }

    private func file(of label: KeyLabel) -> String {
        self.keeper.inForce.file.keys.first { $0.draft.label == label }?.origin.reference(from: "")
            ?? "the configuration file"
    }

    // MARK: What a person may change of a key

    func changeKey(
        _ label: String, enabled: Bool?, priority: Int32?, weight: UInt32?
    ) async throws(ControlFault) {
        let weight = try weight.map { (weight) throws(ControlFault) in try self.weight(weight) }
        try await self.inTurn { () throws(ControlFault) in
            let label = try self.knownLabel(label)
            var changes = self.keeper.inForce.changes
            var steps: [StateChange] = []
            // The file's first: an added key of the same label takes no part.
            if self.keeper.inForce.file.configuration.keys.contains(where: { $0.label == label }) {
                if let enabled { steps.append(self.override(.keyEnabled(label), "\(enabled)", in: &changes)) }
                if let priority { steps.append(self.override(.keyPriority(label), "\(priority)", in: &changes)) }
                if let weight { steps.append(self.override(.keyWeight(label), "\(weight)", in: &changes)) }
            } else if let index = changes.keys.firstIndex(where: { $0.label == label }) {
                if let enabled { changes.keys[index].enabled = enabled }
                if let priority { changes.keys[index].priority = Int(priority) }
                if let weight { changes.keys[index].weight = weight }
                steps = [.changeKey(changes.keys[index])]
            } else {
                throw ControlFault(
                    .notAllowed, "\"\(label)\" stands for a local server without keys: there is nothing to change.")
            }
            try await self.commit(steps)
            let provider = self.gateway.dispatcher.provider(of: label)
            let wasNext = provider.flatMap { self.gateway.nextKey(of: $0) } == label
            self.keeper.apply(changes, to: self.gateway)
            if enabled == false, wasNext, let next = provider.flatMap({ self.gateway.nextKey(of: $0) }) {
                self.hub.service?.rotated(from: label.text, to: next.text, reason: KeyState.disabled.rawValue)
            }
            var fields: Logger.Metadata = ["key": "\(label)"]
            fields["enabled"] = enabled.map { "\($0)" }
            fields["priority"] = priority.map { "\($0)" }
            fields["weight"] = weight.map { "\($0)" }
            self.audit("key_changed", "key changed", fields)
            self.announceKeys()
        }
    }

    /// Notes a changed setting; one that says what the file says is no change any more.
    func override(
        _ subject: RuntimeChanges.Subject, _ value: String, in changes: inout RuntimeChanges
    ) -> StateChange {
        let fileValue = self.keeper.inForce.file.configuration.text(of: subject) ?? ""
        let override =
            value == fileValue ? nil : RuntimeChanges.Override(value: value, fileValue: fileValue)
        changes.overrides[subject] = override
        return .override(subject, override)
    }

    // MARK: Rests

    func resetKeys() async throws(ControlFault) -> UInt32 {
        try await self.inTurn { () throws(ControlFault) in
            let before = self.usableKeys
            self.gateway.resetKeys()
            let labels = self.gateway.dispatcher.snapshots(at: self.time.now()).map(\.label)
            let saved = await self.saveMemory([.forgetErrors(labels)])
            self.audit("keys_reset", "all keys reset")
            self.announceKeys()
            try saved.get()
            return UInt32(clamping: self.usableKeys - before)
        }
    }

    private var usableKeys: Int {
        self.gateway.dispatcher.snapshots(at: self.time.now()).count { $0.state == .usable }
    }

    func resetKey(_ label: String) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let label = try self.knownLabel(label)
            self.gateway.resetKey(label)
            let saved = await self.saveMemory([.forgetErrors([label])])
            self.audit("key_reset", "key reset", ["key": "\(label)"])
            self.announceKeys()
            try saved.get()
        }
    }
}
