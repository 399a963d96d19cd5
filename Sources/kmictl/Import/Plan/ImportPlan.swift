import DBusControl

/// What an import would do: decided from what the files hold and what the daemon has, without asking anybody.
struct ImportPlan: Sendable {
    /// One line, and the secret if there is a key to add.
    struct Step: Sendable {
        var row: ImportRow
        var secret: SecretText?
    }

    /// What was read of one file.
    struct ReadFile: Sendable {
        var file: KeyFile
        var findings: Result<[KeyFinding], KeyFileError>
    }

    /// In the order of the files.
    private(set) var steps: [Step] = []
    /// The providers that have to be added first.
    private(set) var newProviders: [ProviderPlan.New] = []

    /// The lines.
    var rows: [ImportRow] { self.steps.map(\.row) }
    /// How many keys there are to add.
    var additions: Int { self.steps.count { $0.row.outcome == .add } }

    /// Decides.
    ///
    /// - Parameters:
    ///   - files: What was read.
    ///   - passed: Lines of places that were not read.
    ///   - keys: The keys of the daemon.
    ///   - providers: The providers of the daemon.
    init(_ files: [ReadFile], passed: [ImportRow], keys: [KeyStatus], providers: [ProviderStatus]) {
        var making = Making(keys: keys, providers: ProviderPlan(providers))
        // A copy counts only where no file holds what it holds, whatever their order.
        for read in files where read.file.isNamed || !read.file.isBackup { making.add(read) }
        for read in files where !read.file.isNamed && read.file.isBackup { making.add(read) }
        let order = Dictionary(files.enumerated().map { ($1.file.path, $0) }, uniquingKeysWith: { first, _ in first })
        self.steps = making.steps.enumerated()
            .sorted { left, right in
                let (first, second) = (order[left.element.row.file] ?? 0, order[right.element.row.file] ?? 0)
                return first == second ? left.offset < right.offset : first < second
            }
            .map(\.element)
        self.steps += passed.map { Step(row: $0) }
        self.newProviders = making.providers.new
    }

    /// The state of deciding.
    private struct Making {
        private let keys: [KeyStatus]
        private var labels: Set<String>
        private var secrets: [(secret: SecretText, base: BaseAddress, file: String)] = []
        var providers: ProviderPlan
        var steps: [Step] = []

        init(keys: [KeyStatus], providers: ProviderPlan) {
            self.keys = keys
            self.labels = Set(keys.map(\.label))
            self.providers = providers
        }

        mutating func add(_ read: ReadFile) {
            let path = read.file.path
            // Nobody has asked for a copy: one that cannot be read keeps nothing from being imported.
            let isSpare = read.file.isBackup && !read.file.isNamed
            switch read.findings {
            case .failure(let error):
                self.pass(path, isSpare ? .skipped : .refused, error.text, isSpare ? "a .bak file is read as JSON" : "")
            case .success(let findings):
                for finding in findings {
                    switch finding {
                    case .passed(let reason, let advice): self.pass(path, .skipped, reason, advice)
                    case .key(let key): self.add(key, of: path, isSpare: isSpare)
                    }
                }
            }
        }

        private mutating func pass(_ file: String, _ outcome: ImportRow.Outcome, _ reason: String, _ advice: String) {
            self.steps.append(Step(row: ImportRow(file: file, outcome, reason: reason, advice: advice)))
        }

        private mutating func add(_ key: FoundKey, of path: String, isSpare: Bool) {
            if let same = self.secrets.first(where: { $0.base == key.base && $0.secret.isSame(as: key.secret) }) {
                let what = same.file == path ? "the same secret stands in it twice" : "same secret as \(same.file)"
                self.pass(path, .skipped, isSpare ? "a copy: \(what)" : what, "")
                return
            }
            self.secrets.append((key.secret, key.base, path))
            var remarks = key.remarks
            let wanted = LabelText.label(of: key.label) ?? "key"
            if wanted != key.label { remarks.append("\"\(SafeText.line(key.label))\" cannot be a label") }
            let label = LabelText.free(wanted, taken: self.labels)
            if label != wanted { remarks.append("the label \(wanted) is taken") }
            self.labels.insert(label)

            var row = ImportRow(file: path, outcome: .add)
            row.label = label
            row.provider = self.providers.name(for: key)
            if let new = self.providers.new.first(where: { $0.name == row.provider }) {
                row.newBase = new.base.description
            }
            row.priority = key.priority
            row.isEnabled = key.isEnabled
            row.account = key.account ?? ""
            row.masked = key.secret.masked
            if let other = self.keys.first(where: { $0.provider == row.provider && $0.masked == row.masked }),
                row.masked != "***"
            {
                remarks.append("\(other.label) may be the same key")
            }
            row.reason = remarks.joined(separator: "; ")
            self.steps.append(Step(row: row, secret: key.secret))
        }
    }
}
