import DBusControl

/// What `kmictl version` shows.
struct VersionReport: Report {
    /// What a program is made of.
    struct Build: Equatable {
        /// The version.
        var version: String
        /// The commit; empty where the build was not told.
        var commit: String
        /// When it was built, in microseconds since the epoch; 0 where the build was not told.
        var builtAt: UInt64
    }

    /// This program.
    let client: Build
    /// The daemon; `nil` if it cannot be reached.
    let daemon: Build?

    var json: JSONValue {
        .object(["kmictl": self.client.json, "kmid": self.daemon.map(\.json) ?? .null])
    }

    var names: [String] { [self.client.version] }

    func text(_ style: TextStyle) -> String {
        var fields = FieldList()
        fields.append("kmictl", Table.Cell(self.client.text))
        fields.append("kmid", Table.Cell(self.daemon?.text ?? "not reachable"))
        return fields.text(style)
    }
}

extension VersionReport.Build {
    /// That of this program.
    static let ofThisProgram = VersionReport.Build(
        version: VersionText.number, commit: VersionText.commit, builtAt: VersionText.builtAt)

    /// That of a daemon.
    init(_ status: ManagerStatus) {
        self.init(version: status.version, commit: status.commit, builtAt: status.builtAt)
    }

    /// `0.1.0, commit 0123456789ab, built 2026-01-31T12:00:00Z`, as far as it is known.
    fileprivate var text: String {
        // Twelve digits are enough to find a commit by; what is behind them is `-dirty`.
        let commit = self.commit.count < 40 ? self.commit : String(self.commit.prefix(12) + self.commit.dropFirst(40))
        let time = self.builtAt == 0 ? nil : Timestamp.text(self.builtAt)
        return [self.version, commit.isEmpty ? nil : "commit \(commit)", time.map { "built \($0)" }]
            .compactMap(\.self).joined(separator: ", ")
    }

    fileprivate var json: JSONValue {
        .object([
            "version": .string(self.version), "commit": self.commit.isEmpty ? .null : .string(self.commit),
            "built_at": .moment(self.builtAt),
        ])
    }
}
