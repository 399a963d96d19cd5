import DBusControl

/// Carries out a plan, key by key: what goes wrong with one does not keep the others from being added.
struct KeyImporting {
    /// How often a label that was taken meanwhile is replaced by another one.
    private static let attempts = 4

    let daemon: any ControlAccess
    /// Told of each line as it is done.
    let progress: (ImportRow) -> Void

    /// Adds what the plan says; returns its lines with what became of them.
    func run(_ plan: ImportPlan) async -> [ImportRow] {
        var failures: [String: ControlClientError] = [:]
        for provider in plan.newProviders {
            do throws(ControlClientError) {
                _ = try await self.daemon.addProvider(
                    provider.name, kind: provider.kind, base: provider.base.description, options: ProviderOptions())
            } catch {
                failures[provider.name] = error
            }
        }
        var rows: [ImportRow] = []
        for step in plan.steps {
            var row = step.row
            if row.outcome == .add, let secret = step.secret {
                if let failure = failures[row.provider] {
                    row = Self.failed(row, failure, "the provider \(row.provider) cannot be added: ")
                } else {
                    row = await self.added(row, secret)
                }
                self.progress(row)
            }
            rows.append(row)
        }
        for provider in plan.newProviders where failures[provider.name] == nil {
            await self.removeUnused(provider.name, &rows)
        }
        return rows
    }

    /// Removes a provider that was added for keys none of which came; where that does not work, its rows say how to.
    private func removeUnused(_ name: String, _ rows: inout [ImportRow]) async {
        guard !rows.contains(where: { $0.provider == name && $0.outcome == .added }) else { return }
        let isRemoved: Bool
        do throws(ControlClientError) {
            try await self.daemon.removeProvider(name)
            isRemoved = true
        } catch {
            // Gone by another hand, or never kept.
            isRemoved = error.code == .notFound
        }
        for index in rows.indices where rows[index].provider == name {
            if isRemoved {
                rows[index].newBase = ""
            } else {
                rows[index].advice = "the provider \(name) was added; kmictl providers remove \(name) removes it"
            }
        }
    }

    private func added(_ row: ImportRow, _ secret: SecretText) async -> ImportRow {
        var row = row
        var options = KeyOptions()
        options.priority = row.priority
        options.enabled = row.isEnabled
        options.account = row.account
        for attempt in 1...Self.attempts {
            do throws(ControlClientError) {
                _ = try await self.daemon.addKey(row.label, provider: row.provider, secret: secret, options: options)
                row.outcome = .added
                return row
            } catch {
                guard error.code == .alreadyExists, let labels = await self.labels() else {
                    return Self.failed(row, error)
                }
                // Either the label was taken meanwhile, or the configuration file refers to it, or the daemon has the
                // secret.
                guard labels.contains(row.label) || error.message.contains("store:\(row.label)") else {
                    row.outcome = .present
                    row.reason = error.message
                    return row
                }
                guard attempt < Self.attempts else { return Self.failed(row, error) }
                row.reason = "the label \(row.label) is taken"
                row.label = LabelText.free(row.label, taken: labels.union([row.label]))
            }
        }
        return row
    }

    /// The labels of the daemon; `nil` where they cannot be had, so that nobody takes a failure for a key that is there.
    private func labels() async -> Set<String>? {
        do {
            return Set(try await self.daemon.keys().map(\.label))
        } catch {
            return nil
        }
    }

    private static func failed(_ row: ImportRow, _ error: ControlClientError, _ prefix: String = "") -> ImportRow {
        var row = row
        row.outcome = .failed
        row.reason = prefix + CommandFailure(error).message
        return row
    }
}
