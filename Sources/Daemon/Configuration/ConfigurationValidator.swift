import ProxyCore

/// Checks what no single value shows: names that occur twice, names of things that are not there, values that
/// contradict one another, and settings that would promise more than this version keeps.
struct ConfigurationValidator {
    var reader: ConfigurationReader
    private let now: WallTime

    /// Takes what was read; `now` tells tokens that are no longer good.
    init(_ reader: ConfigurationReader, now: WallTime) {
        self.reader = reader
        self.now = now
    }

    /// Checks everything and gives back what was read, with the problems that were found and all entries in place.
    mutating func run() -> ConfigurationReader {
        self.checkNames()
        self.checkProviders()
        self.checkReferences()
        self.checkSecretReferences()
        self.checkClients()
        self.checkListeners()
        self.checkPools()
        self.assemble()
        return self.reader
    }

    /// Where a key of a table that is no list was set.
    func origin(of name: String) -> ConfigurationOrigin {
        self.reader.origins[name] ?? ConfigurationOrigin(source: "default", line: nil, key: name)
    }

    // MARK: Names

    private mutating func checkNames() {
        self.checkUnique(self.reader.keys, \.label, "label")
        self.checkUnique(self.reader.providers, \.name, "name")
        self.checkUnique(self.reader.clients, \.name, "name")
        self.checkUnique(self.reader.models, \.name, "name")
        let defaults = self.reader.providers.filter(\.draft.isDefault)
        for entry in defaults.dropFirst() {
            let first = defaults[0].origin(of: "default")
            let origin = entry.origin(of: "default")
            self.reader.report(
                "only one provider can be the default; another one is on \(first.reference(from: origin.source))",
                at: origin)
        }
    }

    private mutating func checkUnique<Draft, Name: Hashable & CustomStringConvertible>(
        _ entries: [Entry<Draft>],
        _ name: (Draft) -> Name?,
        _ key: String
    ) {
        var first: [Name: ConfigurationOrigin] = [:]
        for entry in entries {
            guard let value = name(entry.draft) else { continue }
            let origin = entry.origin(of: key)
            if let earlier = first[value] {
                self.reader.report(
                    "\"\(value)\" is already used on \(earlier.reference(from: origin.source)); it must be unique",
                    at: origin)
            } else {
                first[value] = origin
            }
        }
    }

    // MARK: Providers and what refers to them

    private mutating func checkProviders() {
        let allowed = self.reader.configuration.upstream.allowHosts
        for entry in self.reader.providers {
            let draft = entry.draft
            if let kind = draft.kind, kind.knownBases == nil, draft.baseURL == nil, draft.anthropicBaseURL == nil,
                entry.origins["base_url"] != nil || !self.hasProblem(at: entry.origin, key: "base_url")
            {
                self.reader.report(
                    "a provider of the kind \"\(kind.rawValue)\" has no known address: set base_url",
                    at: entry.origin(of: "base_url"))
            }
            for rule in draft.rules where !rule.draft.hasCondition {
                self.reader.report(
                    "a rule needs at least one of status, type, code, message", at: rule.origin)
            }
            self.checkPins(entry)
            guard !allowed.isEmpty, let provider = draft.value else { continue }
            for (base, key) in [(provider.openAIBase, "base_url"), (provider.anthropicBase, "anthropic_base_url")] {
                guard let base, !allowed.allow(base.origin) else { continue }
                if key == "anthropic_base_url", base.origin.host == provider.openAIBase?.origin.host { continue }
                self.reader.report(
                    "the host \"\(base.origin.host)\" is not in upstream.allow_hosts", at: entry.origin(of: key))
            }
        }
    }

    /// Pins that could not hold, or that would one day shut everybody out (K-038).
    private mutating func checkPins(_ entry: Entry<ProviderDraft>) {
        guard let provider = entry.draft.value, !provider.pins.isEmpty else { return }
        let origin = entry.origin(of: "pins")
        let plain = [provider.openAIBase, provider.anthropicBase].compactMap { $0 }.first { $0.origin.scheme != .https }
        if let plain {
            self.reader.report("has pins, but there is no certificate at \(plain.origin): pins need https", at: origin)
        } else if Set(provider.pins).count == 1 {
            self.reader.warn(
                "has one pin only: once the provider changes its key, nothing can be sent to it; add the pin of a backup",
                at: origin)
        }
    }

    private func hasProblem(at origin: ConfigurationOrigin, key: String) -> Bool {
        self.reader.problems.contains { $0.origin.source == origin.source && $0.origin.key == "\(origin.key).\(key)" }
    }

    private mutating func checkReferences() {
        let configured = Set(self.reader.providers.compactMap(\.draft.name))
        let known = ProviderKind.allCases.filter { $0.knownBases != nil }.map(\.rawValue)
        let candidates = configured.map(\.text) + known
        func message(_ name: ProviderName) -> String? {
            guard !configured.contains(name), Configuration.Provider.known(named: name) == nil else { return nil }
            return "there is no provider \"\(name)\"" + Suggestion.phrase(for: name.text, among: candidates)
        }
        let allowed = self.reader.configuration.upstream.allowHosts
        for entry in self.reader.keys {
            guard let name = entry.draft.provider else { continue }
            if let message = message(name) {
                self.reader.report(message, at: entry.origin(of: "provider"))
            } else if !configured.contains(name), !allowed.isEmpty,
                let base = Configuration.Provider.known(named: name).flatMap({ $0.openAIBase ?? $0.anthropicBase }),
                !allowed.allow(base.origin)
            {
                self.reader.report(
                    "the host \"\(base.origin.host)\" of its provider is not in upstream.allow_hosts",
                    at: entry.origin(of: "provider"))
            }
        }
        for entry in self.reader.models {
            if entry.draft.targets.isEmpty, !self.hasProblem(at: entry.origin, key: "targets") {
                self.reader.report(
                    "\"targets\" is missing: expected at least one { provider = …, model = … }", at: entry.origin)
            }
            var seen: Set<String> = []
            for target in entry.draft.targets {
                if let name = target.draft.provider, let message = message(name) {
                    self.reader.report(message, at: target.origin(of: "provider"))
                }
                if let value = target.draft.value, !seen.insert("\(value.provider) \(value.model)").inserted {
                    self.reader.report("the same provider and model stand here twice", at: target.origin)
                }
            }
        }
    }

    /// The same reference twice means the same secret twice: both places are reported.
    ///
    /// With another provider it is another key all the same, so that is no more than a warning.
    private mutating func checkSecretReferences() {
        var places: [SecretReference: [(origin: ConfigurationOrigin, provider: ProviderName?)]] = [:]
        for entry in self.reader.keys {
            guard let secret = entry.draft.secret else { continue }
            places[secret, default: []].append((entry.origin(of: "secret"), entry.draft.provider))
        }
        for entry in self.reader.clients {
            if let token = entry.draft.token { places[token, default: []].append((entry.origin(of: "token"), nil)) }
        }
        // In the order of the document, so that the same text always gets the same answer.
        let order =
            self.reader.keys.compactMap(\.draft.secret) + self.reader.clients.compactMap(\.draft.token)
        for reference in order {
            guard let users = places.removeValue(forKey: reference), users.count > 1 else { continue }
            for (index, user) in users.enumerated() {
                let others = users.enumerated().filter { $0.offset != index }.map(\.element)
                let list = others.map { $0.origin.reference(from: user.origin.source) }.joined(separator: ", ")
                if user.provider == nil
                    || others.contains(where: { $0.provider == nil || $0.provider == user.provider })
                {
                    self.reader.report("the same secret is also used on \(list); each needs its own", at: user.origin)
                } else {
                    self.reader.warn("the same secret is also used on \(list), for another provider", at: user.origin)
                }
            }
        }
    }

    private mutating func checkClients() {
        for entry in self.reader.clients {
            guard let expires = entry.draft.expires, expires < self.now else { continue }
            self.reader.warn("lies in the past: this client is refused", at: entry.origin(of: "expires"))
        }
    }

    // MARK: Numbers

    private mutating func checkPools() {
        let upstream = self.reader.configuration.upstream
        let most = "upstream.max_connections (\(upstream.maxConnections))"
        if upstream.maxIdleConnections > upstream.maxConnections {
            self.reader.report(
                "upstream.max_idle_connections (\(upstream.maxIdleConnections)) must not be above \(most)",
                at: self.set("upstream.max_idle_connections", "upstream.max_connections"))
        }
        if let inFlight = self.reader.configuration.limits.inFlight {
            if inFlight > upstream.maxConnections {
                self.reader.report(
                    "\(most) must not be below limits.in_flight (\(inFlight)), because each running request holds one",
                    at: self.set("upstream.max_connections", "limits.in_flight"))
            }
        } else {
            self.reader.warn(
                "has no limit, but \(most) requests at most run at once; the others wait for a connection",
                at: self.origin(of: "limits.in_flight"))
        }
        let retry = self.reader.configuration.retry
        if retry.base > retry.cap {
            self.reader.report(
                "retry.base (\(retry.base.configurationText)) must not be above "
                    + "retry.cap (\(retry.cap.configurationText))",
                at: self.set("retry.base", "retry.cap"))
        }
    }

    /// Where the first of two keys was set, or else the second.
    private func set(_ first: String, _ second: String) -> ConfigurationOrigin {
        self.reader.origins[first] ?? self.origin(of: second)
    }

    // MARK: Result

    /// Puts the entries in their places, and the providers that keys bring in behind the written ones.
    private mutating func assemble() {
        var configuration = self.reader.configuration
        configuration.clients = self.reader.clients.compactMap(\.draft.value)
        configuration.providers = self.reader.providers.compactMap(\.draft.value)
        configuration.keys = self.reader.keys.compactMap(\.draft.value)
        configuration.models = self.reader.models.compactMap(\.draft.value)
        for key in configuration.keys where !configuration.providers.contains(where: { $0.name == key.provider }) {
            if let known = Configuration.Provider.known(named: key.provider) { configuration.providers.append(known) }
        }
        self.reader.configuration = configuration
    }
}

extension [HostPattern] {
    /// Whether requests may go there; a socket of this machine is always allowed.
    func allow(_ origin: UpstreamOrigin) -> Bool {
        if case .unix = origin.scheme { return true }
        return self.contains { $0.matches(origin.host) }
    }
}
