import DBusControl

/// One import, from the files to what became of them.
struct ImportRun {
    let options: ImportOptions
    let invocation: Invocation

    /// Shows, asks, and adds; failed if something has to be mended first or did not work.
    func run() async throws -> ExitStatus {
        let found = KeyFilePlaces(environment: self.invocation.surroundings.variable).find(self.options.paths)
        let plan = try await self.plan(found)
        guard !plan.rows.isEmpty else {
            try self.invocation.show(self.report([]))
            self.invocation.note("there is nothing to import: looked at \(found.places.joined(separator: ", ")).")
            return .success
        }
        guard !self.options.dryRun, plan.additions > 0 else { return try self.end(plan.rows) }
        try self.ask(plan)
        let rows = try await self.invocation.withDaemon { daemon in
            await KeyImporting(daemon: daemon, progress: self.tell).run(plan)
        }
        return try self.end(rows)
    }

    /// Reads the files, and decides what to do.
    private func plan(_ found: KeyFilePlaces.Found) async throws -> ImportPlan {
        var passed = found.passed.map {
            ImportRow(file: $0.path, .skipped, reason: $0.refusal.reason, advice: $0.refusal.advice)
        }
        var files: [ImportPlan.ReadFile] = []
        for file in found.files {
            do throws(PrivateFile.Refusal) {
                files.append(self.read(file, try PrivateFile.read(file.path)))
            } catch {
                passed.append(ImportRow(file: file.path, .refused, reason: error.reason, advice: error.advice))
            }
        }
        guard !files.isEmpty else { return ImportPlan([], passed: passed, keys: [], providers: []) }
        let (read, rows) = (files, passed)
        return try await self.invocation.withDaemon { daemon in
            ImportPlan(
                read, passed: rows, keys: try await daemon.keys(), providers: try await daemon.providers())
        }
    }

    private func read(_ file: KeyFile, _ contents: SecretText) -> ImportPlan.ReadFile {
        do throws(KeyFileError) {
            let findings = try file.read(
                contents, takesAll: self.options.allProviders, variable: self.invocation.surroundings.variable)
            return ImportPlan.ReadFile(file: file, findings: .success(findings))
        } catch {
            return ImportPlan.ReadFile(file: file, findings: .failure(error))
        }
    }

    /// Shows a person at a terminal what would happen, and asks.
    private func ask(_ plan: ImportPlan) throws(CommandFailure) {
        let terminal = self.invocation.terminal
        guard !self.options.yes, terminal.hasInput, terminal.hasErrors else { return }
        self.invocation.surroundings.output.message(self.report(plan.rows).text(self.invocation.style) + "\n")
        let keys = plan.additions == 1 ? "this key" : "these \(plan.additions) keys"
        try Confirmation(invocation: self.invocation).confirm("Import \(keys)?")
    }

    private func tell(_ row: ImportRow) {
        guard self.invocation.terminal.hasErrors else { return }
        self.invocation.note("key \(row.label): \(row.outcome == .present ? "there already" : row.outcome.rawValue).")
    }

    private func end(_ rows: [ImportRow]) throws(CommandFailure) -> ExitStatus {
        try self.invocation.show(self.report(rows))
        return rows.contains(where: \.isProblem) ? .failed : .success
    }

    private func report(_ rows: [ImportRow]) -> ImportReport {
        ImportReport(
            rows: rows, isDryRun: self.options.dryRun, home: self.invocation.surroundings.variable("HOME"))
    }
}
