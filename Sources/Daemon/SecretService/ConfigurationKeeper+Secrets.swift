import ProxyCore

// What the Secret Service is asked for, and what comes of it: pure.

extension ConfigurationKeeper.InForce {
    /// Everything that the Secret Service has to be asked for, whether it is there or not.
    var serviceSecrets: [SecretHolder: SecretService.Query] {
        var queries = self.file.serviceSecrets
        let written = Set(self.file.configuration.keys.map(\.label))
        // An added key that stands in the file as well takes no part.
        for key in self.changes.keys where key.secretPlace == .secretService && !written.contains(key.label) {
            queries[.key(key.label)] = self.addedQuery(key.label)
        }
        return queries
    }

    /// What is missing of it.
    var awaited: [SecretHolder: SecretService.Query] {
        self.serviceSecrets.filter { self.serviceSecret(of: $0.key) == nil }
    }

    /// What people are told of it: one line for each reason.
    var awaitedLines: [String] {
        let reasons = Dictionary(grouping: self.awaited.keys) { holder in
            self.serviceFailures[holder]?.message ?? "the Secret Service has not been asked yet"
        }
        return reasons.map { reason, holders in
            "\(holders.map(\.description).sorted().joined(separator: ", ")) cannot be used: \(reason)"
        }.sorted()
    }

    /// The answers that may be taken in now: to questions that are open still, if no secret has changed since they were asked.
    ///
    /// A secret that was replaced meanwhile would give way to the former one otherwise.
    func valid(
        _ answers: [SecretHolder: SecretAnswer], askedIn former: Self
    ) -> [SecretHolder: SecretAnswer] {
        guard former.secretsVersion == self.secretsVersion else { return [:] }
        let awaited = self.awaited
        return answers.filter { awaited[$0.key] == $0.value.query }
    }

    /// Takes in what the Secret Service has answered, and tells whose secrets came in or went.
    ///
    /// What was asked for something else than is wanted by now is left alone. A secret that was there before stays while the
    /// service is away or locked; one whose entry is gone, goes.
    mutating func settle(_ answers: [SecretHolder: SecretAnswer]) -> Set<SecretHolder> {
        let wanted = self.serviceSecrets
        var changed: Set<SecretHolder> = []
        for (holder, answer) in answers.sorted(by: { $0.key.description < $1.key.description })
        where wanted[holder] == answer.query {
            let former = self.serviceSecret(of: holder)
            switch answer.result {
            case .success(let secret):
                if let other = self.other(than: holder, with: secret) {
                    self.set(nil, of: holder)
                    self.serviceFailures[holder] = SecretServiceFailure(
                        .unusable, "its secret is that of \(other), and each needs its own")
                } else {
                    self.set(secret, of: holder)
                }
            case .failure(let failure):
                if former != nil, failure.isOfService { continue }
                self.set(nil, of: holder)
                self.serviceFailures[holder] = failure
            }
            if self.serviceSecret(of: holder) != former { changed.insert(holder) }
        }
        if !answers.isEmpty { self.secretsVersion += 1 }
        self.combine()
        return changed
    }

    private func serviceSecret(of holder: SecretHolder) -> Secret? {
        switch holder {
        case .key(let label): self.isWritten(label) ? self.file.keySecrets[label] : self.addedSecrets[label]
        case .client(let name): self.file.clientTokens[name]
        }
    }

    private mutating func set(_ secret: Secret?, of holder: SecretHolder) {
        switch holder {
        case .key(let label) where self.isWritten(label): self.file.keySecrets[label] = secret
        case .key(let label): self.addedSecrets[label] = secret
        case .client(let name): self.file.clientTokens[name] = secret
        }
    }

    private func isWritten(_ label: KeyLabel) -> Bool {
        self.file.configuration.keys.contains { $0.label == label }
    }

    /// Who else has a secret, where it may not be the same: keys of one provider, and clients.
    private func other(than holder: SecretHolder, with secret: Secret) -> SecretHolder? {
        let providers = Dictionary(
            self.file.configuration.keys.map { ($0.label, $0.provider) }
                + self.changes.keys.map { ($0.label, $0.provider) },
            uniquingKeysWith: { file, _ in file })
        var own: ProviderName?
        if case .key(let label) = holder { own = providers[label] }
        let keys = self.addedSecrets.merging(self.file.keySecrets) { _, file in file }
        for (label, other) in keys.sorted(by: { $0.key.text < $1.key.text })
        where holder != .key(label) && other == secret && (own == nil || providers[label] == own) {
            return .key(label)
        }
        return self.file.clientTokens.sorted { $0.key.text < $1.key.text }
            .first { holder != .client($0.key) && $0.value == secret }.map { .client($0.key) }
    }
}

extension LoadedConfiguration {
    /// Takes over what the Secret Service has handed out for the same references, until it is asked again.
    mutating func keepServiceSecrets(of former: LoadedConfiguration) {
        for (holder, query) in self.serviceSecrets where former.serviceSecrets[holder] == query {
            switch holder {
            case .key(let label): self.keySecrets[label] = self.keySecrets[label] ?? former.keySecrets[label]
            case .client(let name): self.clientTokens[name] = self.clientTokens[name] ?? former.clientTokens[name]
            }
        }
    }
}
