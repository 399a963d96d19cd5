import DBusControl

/// What a reload would make of the configuration now.
enum ConfigurationDiagnosis {
    static let check = "config"
    private static let warningAdvice = "kmid check-config tells when it is gone"
    /// So many problems are told one by one.
    private static let most = 20

    /// What is to be said of what was read, and of how it differs from what is in force.
    static func rows(
        _ result: Result<LoadedConfiguration, ConfigurationProblems>, inForce: LoadedConfiguration
    ) -> [DiagnosisRow] {
        switch result {
        case .failure(let problems):
            return Self.rows(
                problems.problems, .fail, advice: "mend it, then kmictl reload; until then the old one holds")
                + Self.rows(problems.warnings, .warn, advice: Self.warningAdvice)
        case .success(let loaded):
            let changes = ConfigurationDifference(from: inForce, to: loaded).changes
            return [Self.row(of: changes, loaded)] + Self.rows(loaded.warnings, .warn, advice: Self.warningAdvice)
        }
    }

    private static func row(
        of changes: [ConfigurationDifference.Change], _ loaded: LoadedConfiguration
    ) -> DiagnosisRow {
        let files =
            loaded.files.isEmpty ? "there is no file, so that the defaults hold" : loaded.files.joined(separator: ", ")
        guard !changes.isEmpty else { return DiagnosisRow(Self.check, .ok, files) }
        let names = changes.prefix(5).map(\.key).joined(separator: ", ") + (changes.count > 5 ? ", …" : "")
        let needsRestart = changes.allSatisfy { $0.outcome == .restartRequired }
        return DiagnosisRow(
            Self.check, .warn, "what the files say is not in force: \(names)",
            advice: needsRestart ? "restart kmid: systemctl --user restart kmid" : "kmictl reload")
    }

    private static func rows(
        _ problems: [ConfigurationProblem], _ result: DiagnosisResult, advice: String
    ) -> [DiagnosisRow] {
        var rows = problems.prefix(Self.most).map { problem in
            let place = problem.origin.line.map { "\(problem.origin.source):\($0)" } ?? problem.origin.source
            let key = problem.origin.key.isEmpty ? "" : "\(problem.origin.key): "
            return DiagnosisRow(Self.check, place, result, key + problem.message, advice: advice)
        }
        if problems.count > Self.most {
            rows.append(
                DiagnosisRow(Self.check, result, "\(problems.count - Self.most) more", advice: "kmid check-config"))
        }
        return rows
    }
}
