import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: The secrets of added keys

    func replaceSecret(of label: String, by text: SecretText) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let key = try self.rekeyable(label)
            let secret = try self.acceptable(text, for: key)
            guard key.secretPlace == .files else { return try await self.replaceInService(secret, of: key) }
            let secrets = self.secrets
            // All that needs room on the disk comes first, so that nothing changes where there is none.
            let staged = try await self.offLoop {
                do {
                    return try secrets.stage(secret, for: key.label)
                } catch {
                    throw Self.notStored(error)
                }
            }
            do throws(ControlFault) {
                try await self.forgetRests(of: key)
            } catch {
                try await self.offLoop { secrets.discard(staged) }
                throw error
            }
            let unsynced: SecretDirectory.Failure?
            do throws(ControlFault) {
                unsynced = try await self.offLoop {
                    do {
                        return try secrets.put(staged)
                    } catch {
                        secrets.discard(staged)
                        throw Self.notStored(error)
                    }
                }
            } catch {
                self.keepRests(of: key)
                throw error
            }
            self.adopt(secret, of: key)
            if let unsynced {
                throw ControlFault(
                    .busy, "The secret is in force, but may be the former one after a loss of power: \(unsynced)")
            }
        }
    }

    /// Replaces a secret in the Secret Service, where the former one stays if the new one cannot be stored.
    private func replaceInService(_ secret: Secret, of key: RuntimeChanges.AddedKey) async throws(ControlFault) {
        try await self.forgetRests(of: key)
        do throws(KeyVault.Failure) {
            _ = try await self.vault.store(
                secret, label: key.label, preference: .secretService, former: key.secretPlace)
        } catch {
            self.keepRests(of: key)
            throw ControlFault(.busy, "The secret cannot be stored, so the former one stays in force: \(error)")
        }
        self.adopt(secret, of: key)
    }

    /// The first step: what the former secret has earned says nothing of the next one, also if the daemon is killed behind it.
    ///
    /// The event is on disk with it, for the secret itself lies elsewhere: no secret is replaced that nothing tells of (K-042).
    private func forgetRests(of key: RuntimeChanges.AddedKey) async throws(ControlFault) {
        do throws(ControlFault) {
            try await self.commit([
                .memory(self.gateway.memory().forgettingRests(of: key.label)),
                .audit(self.trail.event(Self.replacement(of: key))),
            ])
        } catch {
            // It may still come to the disk.
            self.store.remember(self.gateway.memory())
            throw error
        }
    }

    /// Takes the first step back, where the former secret stays after all, and tells that it does.
    private func keepRests(of key: RuntimeChanges.AddedKey) {
        self.store.remember(self.gateway.memory())
        self.trail.tell(Self.replacement(of: key, .failed))
    }

    private static func replacement(
        of key: RuntimeChanges.AddedKey, _ result: AuditEvent.Result = .ok
    ) -> AuditEntry {
        AuditEntry(
            "key_secret_replaced", result == .ok ? "secret of a key replaced" : "secret of a key not replaced",
            ["key": "\(key.label)", "provider": "\(key.provider)"], result: result)
    }

    /// Puts a secret that is stored in force.
    private func adopt(_ secret: Secret, of key: RuntimeChanges.AddedKey) {
        let inForce = self.keeper.inForce
        var added = inForce.addedSecrets
        added[key.label] = secret
        self.keeper.apply(inForce.changes, addedSecrets: added, to: self.gateway)
        self.store.remember(self.gateway.memory())
        self.trail.log(Self.replacement(of: key))
        // One that had no secret comes in with it.
        self.announceObjects()
        self.announceKeys()
    }

    private static func notStored(_ error: any Error) -> ControlFault {
        ControlFault(.busy, "The secret cannot be stored, so nothing has changed: \(error)")
    }

    /// The added key whose secret can be replaced.
    private func rekeyable(_ text: String) throws(ControlFault) -> RuntimeChanges.AddedKey {
        let inForce = self.keeper.inForce
        if let entry = inForce.file.configuration.keys.first(where: { $0.label.text == text }) {
            throw ControlFault(
                .notAllowed,
                "The secret of \"\(entry.label)\" is \(entry.secret.place), as \(self.file(of: entry.label)) says: change it "
                    + "there and reload.")
        }
        // One that takes no part because its secret is lost can be helped by another one.
        guard let key = inForce.changes.keys.first(where: { $0.label.text == text }) else {
            let label = try self.knownLabel(text)
            throw Self.isLocalServer(label)
        }
        if inForce.leaving.contains(key.label) { throw Self.isLeaving(key.label) }
        return key
    }

    /// The secret alone, if it can be one and no key of the same provider has it.
    func acceptable(
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
        if let label = self.keeper.inForce.holder(of: secret, at: key.provider) {
            throw ControlFault(
                .alreadyExists,
                label == key.label
                    ? "The key \"\(label)\" has this secret already." : "The key \"\(label)\" has the same secret.")
        }
        return secret
    }
}

extension ConfigurationKeeper.InForce {
    /// The key of a provider that has a secret, be it one of the file or an added one, which may take no part at the moment.
    func holder(of secret: Secret, at provider: ProviderName) -> KeyLabel? {
        let file = self.file.configuration.keys.first {
            $0.provider == provider && self.file.keySecrets[$0.label] == secret
        }
        return file?.label
            ?? self.changes.keys.first { $0.provider == provider && self.addedSecrets[$0.label] == secret }?.label
    }
}

extension DispatchMemory {
    /// The memory without the rests and windows of one key, as if it were new.
    func forgettingRests(of label: KeyLabel) -> DispatchMemory {
        var memory = self
        memory.keys.conditions.removeAll { $0.label == label }
        memory.keys.windows.removeAll { $0.label == label }
        return memory
    }
}

extension SecretReference {
    /// Where the secret is, for a person.
    fileprivate var place: String {
        switch self {
        case .file(let path): "in the file \(path)"
        case .credential(let name): "the credential \(name)"
        case .environment(let name): "in the variable \(name)"
        case .secretService: "in the Secret Service"
        case .store(let id): "store:\(id)"
        }
    }
}
