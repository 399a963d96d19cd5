import ArgumentParser
import DBusControl

/// Completes names that only the daemon knows.
///
/// A person waits for it with a finger on the tab key: where the daemon does not answer at once, or is not there, there
/// is nothing to choose from, and nothing is said about it. The daemon is never started for it.
struct NameCompletion: Sendable {
    /// What is completed.
    enum Kind: Sendable {
        case keys, providers, clients, models
    }

    /// The longest wait for an answer.
    static let timeout = Duration.milliseconds(500)

    let kind: Kind
    /// Connects to the daemon.
    var connect: @Sendable (ControlAddress, Duration) async throws(ControlClientError) -> any ControlAccess = {
        (bus, timeout) async throws(ControlClientError) in
        try await ControlClient.connect(to: bus, timeout: timeout)
    }

    /// The names that can stand in a command line of these words.
    func names(in words: [String]) async -> [String] {
        do {
            let daemon = try await self.connect(Self.bus(in: words), Self.timeout)
            let names = try await self.names(of: daemon)
            await daemon.close()
            return names
        } catch {
            return []
        }
    }

    private func names(of daemon: any ControlAccess) async throws(ControlClientError) -> [String] {
        let names: [String]
        do {
            let overview = try await daemon.overview()
            names =
                switch self.kind {
                case .keys: overview.keys.map(\.label)
                case .providers: overview.providers.map(\.name)
                case .clients: overview.clients.map(\.name)
                case .models: Set(overview.providers.flatMap(\.models)).sorted()
                }
        } catch {
            await daemon.close()
            throw error
        }
        return names.filter(Self.isPlain)
    }

    /// The bus that the words before the name choose.
    static func bus(in words: [String]) -> ControlAddress {
        var bus = ControlAddress.session
        for (index, word) in words.enumerated() {
            if word == "--system" { bus = .system }
            if word.hasPrefix("--address=") { bus = .address(String(word.dropFirst("--address=".count))) }
            if word == "--address", index + 1 < words.count { bus = .address(words[index + 1]) }
        }
        return bus
    }

    /// Whether shells take a name as it is: a completion is typed into a command line.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || "0123456789._@+-/:".unicodeScalars.contains(scalar))
            }
    }
}

extension CompletionKind {
    /// The labels of the daemon's keys.
    static let keys = CompletionKind.of(.keys)
    /// The names of the daemon's providers.
    static let providers = CompletionKind.of(.providers)
    /// The names of the daemon's clients.
    static let clients = CompletionKind.of(.clients)
    /// The models that the daemon's providers list.
    static let models = CompletionKind.of(.models)

    private static func of(_ kind: NameCompletion.Kind) -> CompletionKind {
        .custom { words, _, _ in
            let names = await NameCompletion(kind: kind).names(in: words)
            // There a colon would end the name and begin its description.
            guard CompletionShell.requesting == .zsh else { return names }
            return names.map { $0.split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:") }
        }
    }
}
