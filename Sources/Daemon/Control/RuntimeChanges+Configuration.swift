import ProxyCore

/// The files' configuration with what a person changed on top of it (contract, end of section 3).
struct EffectiveConfiguration: Sendable {
    /// What is in force.
    var configuration: Configuration
    /// Changes that no longer hold, because the file says something else by now.
    var outdated: [RuntimeChanges.Subject] = []
    /// Added keys, providers and made clients that cannot take part, with the reason: a line for a person each.
    var leftOut: [String] = []
    /// The labels of the added keys that take part.
    var addedKeys: Set<KeyLabel> = []
    /// The names of the added providers that take part.
    var addedProviders: Set<ProviderName> = []
    /// The clients made at run time that take part.
    var createdClients: Set<ClientName> = []

    /// Puts `changes` on top of what the files say.
    ///
    /// A pure function: it is computed anew at every start, reload and change.
    ///
    /// An added key without a secret, which `hasSecret` tells, takes no part: it would be sent without any. One whose secret
    /// `isAwaited` is told of elsewhere. One that is `leaving` is there and serves nothing new.
    init(
        file: Configuration, changes: RuntimeChanges, leaving: Set<KeyLabel> = [], hasSecret: (KeyLabel) -> Bool,
        isAwaited: (KeyLabel) -> Bool = { _ in false }
    ) {
        self.configuration = file
        let added = self.usable(changes.providers, file: file)
        for (subject, override) in changes.overrides {
            if file.text(of: subject) == override.fileValue {
                self.configuration.set(subject, to: override.value)
            } else {
                self.outdated.append(subject)
            }
        }
        for key in changes.keys {
            if hasSecret(key.label) {
                self.add(key, file: file, added, isLeaving: leaving.contains(key.label))
            } else if !isAwaited(key.label) {
                self.leftOut.append(
                    "the secret of the key \"\(key.label)\" cannot be read: remove the key and add it again")
            }
        }
        // Behind those that keys have brought along, so that a new one does not become the default.
        for provider in added where !self.configuration.providers.contains(where: { $0.name == provider.name }) {
            self.configuration.providers.append(provider)
        }
        for client in changes.clients { self.add(client, file: file) }
    }

    /// The added providers that may take part, in their order.
    private mutating func usable(
        _ providers: [RuntimeChanges.AddedProvider], file: Configuration
    ) -> [Configuration.Provider] {
        var usable: [Configuration.Provider] = []
        for added in providers {
            let provider = added.provider
            if file.providers.contains(where: { $0.name == added.name }) {
                self.leftOut.append(
                    "the provider \"\(added.name)\" that was added stands in the configuration file as well, which is used: "
                        + "remove it with kmictl providers remove \(added.name)")
            } else if let host = file.upstream.refusedHost(of: provider) {
                self.leftOut.append(
                    "the provider \"\(added.name)\" is at \"\(host)\", which is not in upstream.allow_hosts: add the host "
                        + "there, or remove the provider")
            } else {
                self.addedProviders.insert(added.name)
                usable.append(provider)
            }
        }
        return usable
    }

    private mutating func add(
        _ key: RuntimeChanges.AddedKey, file: Configuration, _ added: [Configuration.Provider], isLeaving: Bool
    ) {
        guard !file.keys.contains(where: { $0.label == key.label }) else {
            self.leftOut.append(
                "the key \"\(key.label)\" that was added stands in the configuration file as well, which is used")
            return
        }
        guard let provider = added.first(where: { $0.name == key.provider }) ?? file.provider(named: key.provider)
        else {
            self.leftOut.append(
                "the key \"\(key.label)\" is of the provider \"\(key.provider)\", which is gone: put the provider back "
                    + "into the configuration file, or remove the key")
            return
        }
        // The file's own keys are held against the same list when it is read.
        if let host = file.upstream.refusedHost(of: provider) {
            self.leftOut.append(
                "the key \"\(key.label)\" would be sent to \"\(host)\", which is not in upstream.allow_hosts: add the host "
                    + "there, or remove the key")
            return
        }
        var entry = Configuration.Key(label: key.label, provider: key.provider, secret: .store(id: key.label.text))
        entry.priority = key.priority
        entry.weight = key.weight
        entry.enabled = key.enabled && !isLeaving
        for (kind, limit) in key.limits { entry[limit: kind] = limit }
        entry.models = key.models
        self.configuration.keys.append(entry)
        self.addedKeys.insert(key.label)
        if !self.configuration.providers.contains(where: { $0.name == provider.name }) {
            self.configuration.providers.append(provider)
        }
    }

    private mutating func add(_ client: RuntimeChanges.CreatedClient, file: Configuration) {
        guard !file.clients.contains(where: { $0.name == client.name }) else {
            self.leftOut.append(
                "the client \"\(client.name)\" that was made stands in the configuration file as well, which is used")
            return
        }
        var entry = Configuration.Client(name: client.name, token: .store(id: client.name.text))
        entry.scopes = client.scopes
        entry.models = client.models
        entry.routes = client.routes
        entry.projects = client.projects
        entry.project = client.project
        entry.rps = client.limits[.rps]
        entry.rpm = client.limits[.rpm]
        entry.tpm = client.limits[.tpm]
        entry.inFlight = client.limits[.inFlight]
        entry.expires = client.expires
        self.configuration.clients.append(entry)
        self.createdClients.insert(client.name)
    }
}

extension Configuration.Upstream {
    /// The first host of a provider that a key may not be sent to; `nil` if it may be sent to all.
    func refusedHost(of provider: Configuration.Provider) -> String? {
        guard !self.allowHosts.isEmpty else { return nil }
        return [provider.openAIBase, provider.anthropicBase].compactMap { $0?.origin }
            .first { !self.allowHosts.allow($0) }.map(\.host)
    }
}

extension Configuration {
    /// What a setting that can be changed at run time says, as the file would write it without quotes; `nil` if it is of a
    /// key that is not there.
    func text(of subject: RuntimeChanges.Subject) -> String? {
        func key(_ label: KeyLabel) -> Key? { self.keys.first { $0.label == label } }
        return switch subject {
        case .rotationMode: self.rotation.mode.rawValue
        case .dryRun: self.server.dryRun ? "true" : "false"
        case .keyEnabled(let label): key(label).map { $0.enabled ? "true" : "false" }
        case .keyPriority(let label): key(label).map { String($0.priority) }
        case .keyWeight(let label): key(label).map { String($0.weight) }
        case .keyLimit(let label, let kind): key(label).map { String($0[limit: kind] ?? 0) }
        }
    }

    /// Sets it; a text that it cannot hold changes nothing.
    fileprivate mutating func set(_ subject: RuntimeChanges.Subject, to text: String) {
        func place(_ label: KeyLabel) -> Int? { self.keys.firstIndex { $0.label == label } }
        switch subject {
        case .rotationMode:
            if let mode = RotationMode(rawValue: text) { self.rotation.mode = mode }
        case .dryRun:
            self.server.dryRun = text == "true"
        case .keyEnabled(let label):
            if let index = place(label) { self.keys[index].enabled = text == "true" }
        case .keyPriority(let label):
            if let index = place(label), let priority = Int(text) { self.keys[index].priority = priority }
        case .keyWeight(let label):
            if let index = place(label), let weight = Int(text), weight >= 1 { self.keys[index].weight = weight }
        case .keyLimit(let label, let kind):
            if let index = place(label), let limit = Int(text), limit >= 0 {
                self.keys[index][limit: kind] = limit == 0 ? nil : limit
            }
        }
    }
}
