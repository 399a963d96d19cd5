import DBusControl

/// Finds the provider of an address: the one that has it, a service that the daemon knows by itself, or a new one.
struct ProviderPlan {
    /// A provider that is to be added.
    struct New: Equatable {
        var name: String
        var kind: String
        var base: BaseAddress
    }

    /// The providers that are to be added, in the order in which keys need them.
    private(set) var new: [New] = []
    private var names: Set<String>
    private var byBase: [BaseAddress: String] = [:]

    /// Begins with what the daemon has.
    init(_ providers: [ProviderStatus]) {
        self.names = Set(providers.map(\.name))
        for provider in providers {
            // An address that cannot be read is nobody's; the first provider of two has its keys.
            guard let base = Self.base(provider.baseURL), self.byBase[base] == nil else { continue }
            self.byBase[base] = provider.name
        }
        for known in KnownProvider.allCases where !self.names.contains(known.rawValue) {
            guard let base = Self.base(known.base), self.byBase[base] == nil else { continue }
            self.byBase[base] = known.rawValue
        }
        self.names.formUnion(KnownProvider.allCases.map(\.rawValue))
    }

    /// The name of a key's provider.
    mutating func name(for key: FoundKey) -> String {
        if let name = self.byBase[key.base] { return name }
        let port = [0, 80, 443].contains(key.base.port) ? "" : "-\(key.base.port)"
        let wanted = key.entry.flatMap(LabelText.label) ?? LabelText.label(of: key.base.host + port) ?? "imported"
        let name = LabelText.free(wanted, taken: self.names)
        self.names.insert(name)
        self.byBase[key.base] = name
        self.new.append(New(name: name, kind: key.kind, base: key.base))
        return name
    }

    private static func base(_ text: String) -> BaseAddress? {
        do throws(KeyFileError) {
            return try BaseAddress(text)
        } catch {
            return nil
        }
    }
}
