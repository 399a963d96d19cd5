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
    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("At most so many, up to \(RequestFilter.maximumLimit) (100).", valueName: "N"))
    var limit: UInt32?
    @Option(help: ArgumentHelp("Go on where an earlier list ended.", valueName: "CURSOR")) var cursor: String?
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...RequestFilter.maximumLimit).contains(self.limit ?? 1) else {
            throw ValidationError("--limit: expected 1 to \(RequestFilter.maximumLimit).")
        }
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let span = try SpanArguments(
            since: self.since, until: self.until, now: invocation.now, zone: invocation.surroundings.zone)
        var filter = AuditFilter()
        filter.limit = self.limit ?? filter.limit
        filter.cursor = self.cursor ?? ""
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
