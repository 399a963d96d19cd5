import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: Providers that come and go

    func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions
    ) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let provider = try self.newProvider(name, kind: kind, base: base, options: options)
            try await self.commit(
                [.addProvider(provider)],
                as: AuditEntry(
                    "provider_added", "provider added",
                    ["provider": "\(provider.name)", "kind": "\(provider.kind.rawValue)"]))
            var changes = self.keeper.inForce.changes
            changes.providers.append(provider)
            self.keeper.apply(changes, to: self.gateway)
            self.announceObjects()
        }
    }

    /// What a `[[provider]]` of the file would have to say, held to the same rules (K-046, K-048).
    private func newProvider(
        _ text: String, kind: String, base: String, options: ProviderOptions
    ) throws(ControlFault) -> RuntimeChanges.AddedProvider {
        guard let name = ProviderName(text) else {
            throw ControlFault(
                .invalidArgument,
                "A name is 1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit, and not "
                    + "\"\(text.printable)\".")
        }
        guard let kind = ProviderKind(rawValue: kind) else {
            throw ControlFault(
                .invalidArgument,
                "A kind is one of " + ProviderKind.allCases.map(\.rawValue).joined(separator: ", ")
                    + ", and not \"\(kind.printable)\".")
        }
        var added = RuntimeChanges.AddedProvider(name: name, kind: kind, addedAt: self.time.wallTime())
        added.base = try Self.base(base, "base_url")
        added.anthropicBase = try Self.base(options.anthropicBase, "anthropic_base_url")
        guard kind.knownBases != nil || added.base != nil || added.anthropicBase != nil else {
            throw ControlFault(
                .invalidArgument,
                "A provider of the kind \"\(kind.rawValue)\" has no known address: base_url is needed.")
        }
        try self.checkIsNew(added)
        if let host = self.keeper.inForce.file.configuration.upstream.refusedHost(of: added.provider) {
            throw ControlFault(.notAllowed, "The host \"\(host)\" is not in upstream.allow_hosts.")
        }
        return added
    }

    private static func base(_ text: String, _ name: String) throws(ControlFault) -> UpstreamBase? {
        guard !text.isEmpty else { return nil }
        do throws(ConfigurationValueError) {
            return try UpstreamBase(parsing: text)
        } catch {
            throw ControlFault(.invalidArgument, "\(name) \(error.reason).")
        }
    }

    private func checkIsNew(_ provider: RuntimeChanges.AddedProvider) throws(ControlFault) {
        let inForce = self.keeper.inForce
        guard Configuration.Provider.known(named: provider.name) == nil else {
            throw ControlFault(
                .alreadyExists,
                "\"\(provider.name)\" is a provider that is known without being added: add keys for it, or choose another "
                    + "name for another address.")
        }
        guard !inForce.effective.configuration.providers.contains(where: { $0.name == provider.name }),
            !inForce.changes.providers.contains(where: { $0.name == provider.name })
        else { throw ControlFault(.alreadyExists, "There is a provider \"\(provider.name)\" already.") }
        // A local server has a key of its own name as long as it has no other.
        if provider.kind == .local, let label = KeyLabel(provider.name.text),
            self.gateway.dispatcher.provider(of: label) != nil
        {
            throw ControlFault(
                .alreadyExists,
                "There is a key \"\(label)\", and a local server has a key of its own name: choose another one.")
        }
    }

    func removeProvider(_ name: String) async throws(ControlFault) {
        try await self.inTurn { () throws(ControlFault) in
            let provider = try self.removableProvider(name)
            try await self.commit(
                [.removeProvider(provider)],
                as: AuditEntry("provider_removed", "provider removed", ["provider": "\(provider)"]))
            var changes = self.keeper.inForce.changes
            changes.providers.removeAll { $0.name == provider }
            self.keeper.apply(changes, to: self.gateway)
            self.announceObjects()
        }
    }

    private func removableProvider(_ text: String) throws(ControlFault) -> ProviderName {
        let inForce = self.keeper.inForce
        if let added = inForce.changes.providers.first(where: { $0.name.text == text }) {
            // Where the file has one of that name, the keys belong to that.
            let isUsed = !inForce.file.configuration.providers.contains { $0.name == added.name }
            let labels = isUsed ? inForce.changes.keys.filter { $0.provider == added.name }.map(\.label.text) : []
            guard labels.isEmpty else {
                throw ControlFault(
                    .notAllowed,
                    "The provider \"\(added.name)\" has keys: \(labels.sorted().joined(separator: ", ")). Remove them first."
                )
            }
            return added.name
        }
        if let entry = inForce.file.providers.first(where: { $0.draft.name?.text == text }) {
            throw ControlFault(
                .notAllowed,
                "The provider \"\(text.printable)\" stands in \(entry.origin.reference(from: "")): remove it there.")
        }
        guard inForce.effective.configuration.providers.contains(where: { $0.name.text == text }) else {
            throw ControlFault(.notFound, "There is no provider \"\(text.printable)\" that was added at run time.")
        }
        throw ControlFault(
            .notAllowed, "The provider \"\(text.printable)\" is known without being added: it goes with its last key.")
    }
}
