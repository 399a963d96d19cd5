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
            var key = try self.newKey(label, provider: provider, options: options)
            let secret = try self.acceptable(secret, for: key)
            let kept = try await self.keep(secret, of: key.label, options.store)
            key.secretPlace = kept.place
            let entry = AuditEntry(
                "key_added", "key added",
                ["key": "\(key.label)", "provider": "\(key.provider)", "store": "\(key.secretPlace.rawValue)"])
            do throws(StateStoreError) {
                try await self.store.commit([.addKey(key)] + kept.further + [.audit(self.trail.event(entry))])
            } catch {
                switch error.code {
                // A row that may still come to the disk must find its secret, and so must one that is there.
                case .timedOut: break
                case .conflict: throw Self.isOnDisk(key.label)
                default: await self.takeBack(key)
                }
                throw Self.notCommitted(error)
            }
            self.trail.log(entry)
            var changes = self.keeper.inForce.changes
            changes.keys.removeAll { $0.label == key.label }
            changes.keys.append(key)
            var added = self.keeper.inForce.addedSecrets
            added[key.label] = secret
            self.keeper.apply(changes, addedSecrets: added, to: self.gateway)
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
        try self.checkIsNew(label)
        let target = try self.target(provider)
        var key = RuntimeChanges.AddedKey(label: label, provider: target.name, addedAt: self.time.wallTime())
        key.priority = Int(options.priority)
        key.weight = try self.weight(options.weight)
        key.enabled = options.enabled
        for text in options.models {
            guard let model = ModelName(text) else {
                throw ControlFault(.invalidArgument, "\"\(text.printable)\" is no name of a model.")
            }
            key.models.append(model)
        }
        key.limits = try options.limits.ofKey()
        if !options.account.isEmpty {
            guard EmailAddress.isValid(options.account) else {
                throw ControlFault(
                    .invalidArgument, "An account is an e-mail address, and not \"\(options.account.printable)\".")
            }
            key.account = options.account
        }
        return key
    }

    private func checkIsNew(_ label: KeyLabel) throws(ControlFault) {
        let inForce = self.keeper.inForce
        if inForce.leaving.contains(label) { throw Self.isLeaving(label) }
        guard self.gateway.dispatcher.provider(of: label) == nil,
            !inForce.changes.keys.contains(where: { $0.label == label })
        else { throw ControlFault(.alreadyExists, "There is a key \"\(label)\" already.") }
        // `store:` references of the file name entries of the same directory.
        guard !inForce.refers(to: label) else {
            throw ControlFault(
                .alreadyExists, "The configuration file refers to store:\(label): choose another label.")
        }
    }

    /// The provider that a new key is for: one that is there, or the one of a kind whose address is known.
    private func target(_ text: String) throws(ControlFault) -> Configuration.Provider {
        let inForce = self.keeper.inForce
        guard let name = ProviderName(text), let target = inForce.effective.configuration.provider(named: name) else {
            let names = inForce.effective.configuration.providers.map(\.name.text)
            let known = ProviderKind.allCases.filter { $0.knownBases != nil }.map(\.rawValue)
            throw ControlFault(
                .notFound,
                "There is no provider \"\(text.printable)\"; there are "
                    + Set(names + known).sorted().joined(separator: ", ") + ".")
        }
        if let host = inForce.file.configuration.upstream.refusedHost(of: target) {
            throw ControlFault(.notAllowed, "The host \"\(host)\" of \"\(name)\" is not in upstream.allow_hosts.")
        }
        return target
    }

    private func weight(_ weight: UInt32) throws(ControlFault) -> Int {
        guard (1...1_000_000).contains(weight) else {
            throw ControlFault(.invalidArgument, "A weight is 1 to 1000000.")
        }
        return Int(weight)
    }

    // MARK: What a person may change of a key

    func changeKey(
        _ label: String, enabled: Bool?, priority: Int32?, weight: UInt32?
    ) async throws(ControlFault) {
        let weight = try weight.map { (weight) throws(ControlFault) in try self.weight(weight) }
        try await self.inTurn { () throws(ControlFault) in
            let label = try self.changeableLabel(label)
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
                throw Self.isLocalServer(label)
            }
            var fields: Logger.Metadata = ["key": "\(label)"]
            fields["enabled"] = enabled.map { "\($0)" }
            fields["priority"] = priority.map { "\($0)" }
            fields["weight"] = weight.map { "\($0)" }
            try await self.commit(steps, as: AuditEntry("key_changed", "key changed", fields))
            self.tellingOfNext(after: label) { self.keeper.apply(changes, to: self.gateway) }
            self.announceKeys()
        }
    }

    /// The label of a key that can be changed; the fault says why there is none.
    func changeableLabel(_ text: String) throws(ControlFault) -> KeyLabel {
        let label = try self.knownLabel(text)
        if self.keeper.inForce.leaving.contains(label) { throw Self.isLeaving(label) }
        return label
    }

    static func isLeaving(_ label: KeyLabel) -> ControlFault {
        ControlFault(.busy, "The key \"\(label)\" is being removed, when the requests that it serves have ended.")
    }

    /// What a caller is told whose label the state has without its being in force.
    static func isOnDisk(_ label: KeyLabel) -> ControlFault {
        ControlFault(
            .alreadyExists,
            "The state has a key \"\(label)\" that takes no part, for the call that added it timed out, or its row cannot be "
                + "read: restart the daemon to have it, or choose another label.")
    }

    static func isLocalServer(_ label: KeyLabel) -> ControlFault {
        ControlFault(.notAllowed, "\"\(label)\" stands for a local server without keys: there is nothing to change.")
    }

    /// Makes a change that may take a key's turn, and tells the bus if it has.
    func tellingOfNext(after label: KeyLabel, _ change: () -> Void) {
        let provider = self.gateway.dispatcher.provider(of: label)
        let wasNext = provider.flatMap { self.gateway.nextKey(of: $0) } == label
        change()
        guard wasNext, let next = provider.flatMap({ self.gateway.nextKey(of: $0) }), next != label else { return }
        let state = self.gateway.dispatcher.snapshots(at: self.time.now()).first { $0.label == label }?.state
        if state == .disabled {
            self.hub.service?.rotated(from: label.text, to: next.text, reason: KeyState.disabled.rawValue)
        }
    }

    /// Where the entry of a key of the file stands.
    func file(of label: KeyLabel) -> String {
        self.keeper.inForce.file.keys.first { $0.draft.label == label }?.origin.reference(from: "")
            ?? "the configuration file"
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
            let saved = await self.saveMemory(
                [.forgetErrors(labels)], as: AuditEntry("keys_reset", "all keys reset"))
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
            let saved = await self.saveMemory(
                [.forgetErrors([label])], as: AuditEntry("key_reset", "key reset", ["key": "\(label)"]))
            self.announceKeys()
            try saved.get()
        }
    }
}
