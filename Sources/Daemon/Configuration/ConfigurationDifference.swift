import ProxyCore
import ProxyHTTP

/// What a reload changes, key by key, and what of it takes effect without a restart (T-014).
struct ConfigurationDifference: Sendable {
    /// What becomes of a changed key; the words of the control interface.
    enum Outcome: String, Sendable {
        /// In force for requests that begin from now on.
        case applied
        /// In force after a restart.
        case restartRequired = "restart_required"
        /// Not in force.
        case rejected
    }

    /// One changed key.
    struct Change: Sendable, Equatable {
        /// The key: `retry.max_attempts`, `key.alpha.weight`, or `key.alpha` for an entry that came or went.
        var key: String
        /// What becomes of it.
        var outcome: Outcome
        /// Why, in words.
        var reason: String
    }

    /// The changed keys in order of their names.
    private(set) var changes: [Change] = []
    /// The new configuration with the keys that need a restart as they were: what is in force after the reload.
    private(set) var effective: Configuration
    /// Whether TLS towards callers stays as it was until a restart.
    private(set) var keepsTLS = false

    /// Compares what is in force with what was read anew.
    init(from old: LoadedConfiguration, to new: LoadedConfiguration) {
        self.effective = new.configuration
        for setting in ConfigurationSchema.document.settings
        where !setting.isEqual(old.configuration, new.configuration) {
            self.changes.append(Self.change(setting.name, setting.support))
            if setting.support == .restart { setting.copy(old.configuration, &self.effective) }
        }
        if old.configuration.prices.overrides != new.configuration.prices.overrides {
            self.changes.append(Self.change("prices.override", .live))
        }
        self.keepPoolsInBounds(old)
        self.compareTLS(old, new)
        self.compare("client", old.clients, new.clients, ConfigurationSchema.client, name: { $0.name?.text })
        self.compare(
            "provider", old.providers, new.providers, ConfigurationSchema.provider, name: { $0.name?.text },
            nested: { $0.rules.map(\.draft.value) == $1.rules.map(\.draft.value) ? [] : ["rule"] })
        self.compare("key", old.keys, new.keys, ConfigurationSchema.key, name: { $0.label?.text })
        self.compare(
            "model", old.models, new.models, ConfigurationSchema.model, name: { $0.name?.text },
            nested: { $0.targets.map(\.draft.value) == $1.targets.map(\.draft.value) ? [] : ["targets"] })
        self.compareSecrets(old, new)
        self.changes.sort { $0.key < $1.key }
    }

    /// Requests may not run into a pool that only a restart makes larger.
    private mutating func keepPoolsInBounds(_ old: LoadedConfiguration) {
        let most = self.effective.upstream.maxConnections
        guard let wanted = self.effective.limits.inFlight, wanted > most else { return }
        self.effective.limits.inFlight = old.configuration.limits.inFlight
        self.changes.removeAll { $0.key == "limits.in_flight" }
        self.changes.append(
            Change(
                key: "limits.in_flight", outcome: .restartRequired,
                reason: "upstream.max_connections, which it must not be above, is \(most) until a restart"))
    }

    /// Listeners that name no scheme turn to TLS, or back, with a restart only; and a certificate may change where its path
    /// does not.
    private mutating func compareTLS(_ old: LoadedConfiguration, _ new: LoadedConfiguration) {
        let (before, after) = (old.configuration.server, new.configuration.server)
        let places = before.listen + [before.adminListen].compactMap(\.self)
        guard
            (before.tls.certificate == nil) == (after.tls.certificate == nil)
                || !places.contains(where: {
                    $0.isEncrypted(hasCertificate: true) != $0.isEncrypted(hasCertificate: false)
                })
        else {
            self.keepsTLS = true
            self.effective.server.tls = before.tls
            for index in self.changes.indices where self.changes[index].key.hasPrefix("server.tls.") {
                self.changes[index].outcome = .restartRequired
                self.changes[index].reason =
                    "a listener without http:// or https:// turns to TLS, or back, with a restart"
            }
            return
        }
        guard let former = old.tls, let present = new.tls else { return }
        func isNamed(_ keys: String...) -> Bool { self.changes.contains { keys.contains($0.key) } }
        if present.hasOtherCertificate(than: former), !isNamed("server.tls.certificate", "server.tls.private_key") {
            self.changes.append(
                Change(key: "server.tls.certificate", outcome: .applied, reason: "the certificate was renewed"))
        }
        if present.hasOtherAuthorities(than: former), !isNamed("server.tls.client_ca", "server.tls.client_auth") {
            self.changes.append(
                Change(key: "server.tls.client_ca", outcome: .applied, reason: "the authorities were replaced"))
        }
    }

    private mutating func compare<Draft>(
        _ list: String,
        _ old: [Entry<Draft>],
        _ new: [Entry<Draft>],
        _ schema: TableSchema<Draft>,
        name: (Draft) -> String?,
        nested: (Draft, Draft) -> [String] = { _, _ in [] }
    ) {
        var before: [String: Draft] = [:]
        for entry in old { if let key = name(entry.draft) { before[key] = entry.draft } }
        for entry in new {
            guard let key = name(entry.draft) else { continue }
            guard let earlier = before.removeValue(forKey: key) else {
                self.changes.append(Change(key: "\(list).\(key)", outcome: .applied, reason: "added"))
                continue
            }
            for setting in schema.settings where !setting.isEqual(earlier, entry.draft) {
                self.changes.append(Self.change("\(list).\(key).\(setting.name)", setting.support))
            }
            for changed in nested(earlier, entry.draft) {
                self.changes.append(Self.change("\(list).\(key).\(changed)", .live))
            }
        }
        for key in before.keys {
            self.changes.append(Change(key: "\(list).\(key)", outcome: .applied, reason: "removed"))
        }
    }

    /// A secret may change where its reference does not.
    private mutating func compareSecrets(_ old: LoadedConfiguration, _ new: LoadedConfiguration) {
        let renewed =
            new.keySecrets.filter { label, secret in old.keySecrets[label].map { $0 != secret } ?? false }
            .map { "key.\($0.key).secret" }
            + new.clientTokens.filter { name, token in old.clientTokens[name].map { $0 != token } ?? false }
            .map { "client.\($0.key).token" }
        for key in renewed where !self.changes.contains(where: { $0.key == key }) {
            self.changes.append(Change(key: key, outcome: .applied, reason: "the secret was replaced"))
        }
    }

    private static func change(_ key: String, _ support: ConfigurationSupport) -> Change {
        switch support {
        case .live: Change(key: key, outcome: .applied, reason: "in force for new requests")
        case .restart: Change(key: key, outcome: .restartRequired, reason: "in force after a restart")
        }
    }
}
