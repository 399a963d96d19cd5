import ArgumentParser
import DBusControl

/// `kmictl audit`.
struct AuditCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "List what was done to the daemon, and what it refused, the newest first.",
        discussion: MomentArgument.help
    )

    @Option(help: ArgumentHelp("Happened then or later.", valueName: "T")) var since: MomentArgument?
    @Option(help: ArgumentHelp("Happened before.", valueName: "T")) var until: MomentArgument?
    @Option(help: ArgumentHelp("This action alone, such as key_added or auth_failed.", valueName: "ACTION"))
    var action: String?
    @OptionGroup var page: PageArguments
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let span = try SpanArguments(
            since: self.since, until: self.until, now: invocation.now, zone: invocation.surroundings.zone)
        var filter = AuditFilter()
        filter.limit = self.page.limit ?? filter.limit
        filter.cursor = self.page.cursor ?? ""
        filter.since = span.since
        filter.until = span.until
        filter.action = self.action
        let page = try await invocation.withDaemon { [filter] in try await $0.audit(filter) }
        try invocation.show(AuditReport(rows: page.rows))
        if !page.cursor.isEmpty { invocation.note("kmictl: there are more: --cursor \(page.cursor)") }
        if page.rows.isEmpty { invocation.hint("There is nothing of that kind on record.") }
        return .success
    }
}
