import DBusControl

/// A file with a table of providers: a `.toml` or JSON key file of KMI Manager, or the configuration of a Kimi client,
/// which have the same layout.
struct ProviderTableFile {
    /// Which provider of several is meant, and what its key is called.
    enum Purpose: Equatable {
        /// A key file of that stem: the first of ``preferred`` that has a key, else the first that has one.
        case keyFile(stem: String)
        /// The configuration of a client: the provider of its default model.
        case client
    }

    /// The providers that KMI Manager takes first.
    static let preferred = ["managed:kimi-code", "kimi-for-coding", "moonshot-ai"]

    let root: DocumentTable
    let purpose: Purpose
    /// Whether every provider with a key is meant.
    let takesAll: Bool
    /// The environment, for keys that lie there.
    let variable: @Sendable (String) -> String?

    /// A provider with its key, or with what is wrong about it.
    private struct Candidate {
        let entry: ProviderEntry
        let credential: Result<ProviderEntry.Credential, KeyFileError>

        /// Whether it has a key, or would have one if it were not wrong.
        var hasKey: Bool {
            switch credential {
            case .success(let credential): credential.secret != nil
            case .failure: true
            }
        }
    }

    /// Reads everything.
    ///
    /// What is wrong with a provider that is not meant is told of it alone.
    func read() throws(KeyFileError) -> [KeyFinding] {
        let candidates = try self.entries().map { entry in
            Candidate(entry: entry, credential: self.credential(of: entry))
        }
        guard !candidates.isEmpty else { return [self.nothing] + (try self.services()) }
        let chosen = try self.chosen(candidates)
        var findings: [KeyFinding] = []
        for candidate in candidates {
            if let finding = try self.finding(candidate, chosen: chosen?.entry) { findings.append(finding) }
        }
        if findings.isEmpty { findings.append(.passed(reason: "no provider in it has an API key", advice: "")) }
        return findings + (try self.services())
    }

    private func credential(of entry: ProviderEntry) -> Result<ProviderEntry.Credential, KeyFileError> {
        do throws(KeyFileError) {
            return .success(try entry.credential(self.variable))
        } catch {
            return .failure(error)
        }
    }

    /// What there is to say of a provider; `nil` for nothing.
    private func finding(
        _ candidate: Candidate, chosen: ProviderEntry?
    ) throws(KeyFileError) -> KeyFinding? {
        let entry = candidate.entry
        let isChosen = entry.name == chosen?.name
        switch candidate.credential {
        case .success(.key(let secret)) where isChosen || self.takesAll:
            return .key(try self.key(entry, secret))
        case .success(.key):
            return .passed(
                reason: "\(entry.shown) has a key too, but \(self.reason(for: chosen))",
                advice: "--all-providers imports it as well")
        case .success(.none(let reason, let advice)):
            // Of those that were never meant only what says where its key would be is worth a line.
            return isChosen || (chosen == nil && !entry.isEmpty) ? .passed(reason: reason, advice: advice) : nil
        case .failure(let error):
            guard !isChosen, !self.takesAll else { throw error }
            return .passed(reason: error.text, advice: "")
        }
    }

    // MARK: Which provider

    /// The providers, those under literal names such as `"providers.kimi-for-coding"` included.
    private func entries() throws(KeyFileError) -> [ProviderEntry] {
        var entries: [ProviderEntry] = []
        if let providers = self.root["providers"] {
            guard let table = providers.asTable else {
                throw KeyFileError("providers", "expected a table of providers, found \(providers.kind)")
            }
            for member in table.members {
                entries.append(try ProviderEntry(member.name, member.value, root: self.root))
            }
        }
        for member in self.root.members where member.name.hasPrefix("providers.") {
            let name = String(member.name.dropFirst("providers.".count))
            guard !entries.contains(where: { $0.name == name }) else {
                throw KeyFileError(SafeText.line("\"\(member.name)\""), "the provider stands under providers already")
            }
            entries.append(try ProviderEntry(name, member.value, root: self.root))
        }
        return entries
    }

    private func chosen(_ candidates: [Candidate]) throws(KeyFileError) -> Candidate? {
        if self.purpose == .client {
            if let wanted = try self.defaultProvider() {
                guard let candidate = candidates.first(where: { $0.entry.name == wanted.provider }) else {
                    throw KeyFileError(
                        wanted.place,
                        "there is no provider \(SafeText.line(wanted.provider))."
                            + Suggestion.phrase(for: wanted.provider, among: candidates.map(\.entry.name)))
                }
                return candidate
            }
            if let usual = candidates.first(where: { $0.entry.name == Self.preferred[0] }) { return usual }
        }
        let preferred = Self.preferred.compactMap { name in candidates.first { $0.entry.name == name } }
        return (preferred + candidates).first(where: \.hasKey)
    }

    /// The provider of the default model, and the key that names it; `nil` if there is no default model.
    private func defaultProvider() throws(KeyFileError) -> (provider: String, place: String)? {
        guard let model = try self.root.text("default_model", in: ""), model.count > 0 else { return nil }
        let models = self.root["models"]?.asTable ?? DocumentTable()
        guard let table = models[model.plain]?.asTable else {
            throw KeyFileError(
                "default_model",
                "there is no model of that name."
                    + Suggestion.phrase(for: model.plain, among: models.members.map(\.name)))
        }
        let place = ProviderEntry.path(["models", model.plain])
        guard let provider = try table.text("provider", in: place), provider.count > 0 else {
            throw KeyFileError("\(place).provider", "expected the name of a provider")
        }
        return (provider.plain, "\(place).provider")
    }

    private func reason(for chosen: ProviderEntry?) -> String {
        guard let chosen else { return "is not the one of the default model" }
        return self.purpose == .client
            ? "\(chosen.shown) is the one of the default model" : "\(chosen.shown) comes first"
    }

    private var nothing: KeyFinding {
        if self.root["access_token"] != nil || self.root["refresh_token"] != nil {
            return .passed(reason: ProviderEntry.signedIn, advice: ProviderEntry.signedInAdvice)
        }
        return .passed(reason: "holds no providers, so that it is no key file", advice: "")
    }

    // MARK: What is in it

    private func key(_ entry: ProviderEntry, _ secret: SecretText) throws(KeyFileError) -> FoundKey {
        let base = try entry.base(self.variable)
        let type = try entry.type()
        var label = entry.plainName
        if case .keyFile(let stem) = self.purpose, !stem.isEmpty { label = stem }
        var key = FoundKey(
            secret: secret, label: label, base: base,
            kind: KnownProvider.kind(of: base, entry: entry.name, type: type), entry: entry.plainName)
        KeyText.setAccount(of: &key, try entry.accounts())
        return key
    }

    /// The services of the Kimi CLI have keys of their own, which are for them alone.
    private func services() throws(KeyFileError) -> [KeyFinding] {
        guard let services = self.root["services"]?.asTable else { return [] }
        var findings: [KeyFinding] = []
        for member in services.members {
            guard let table = member.value.asTable,
                let key = try table.text("api_key", in: ProviderEntry.path(["services", member.name])), key.count > 0
            else { continue }
            findings.append(
                .passed(
                    reason: SafeText.line("services.\(member.name) has a key, which is for that service alone"),
                    advice: ""))
        }
        return findings
    }
}
