import ArgumentParser
import DBusControl

/// `kmictl requests`.
struct RequestsCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "List requests that have ended, the newest first, or follow them.",
        discussion: MomentArgument.help
    )

    @Flag(name: .shortAndLong, help: "Show requests as they end, until Ctrl-C; with --json one object per line.")
    var follow = false
    @Flag(help: "Show how they were spread over the keys instead.")
    var summary = false
    @Flag(help: "Print comma-separated values (RFC 4180).")
    var csv = false
    @Option(help: ArgumentHelp("With this key in any attempt.", valueName: "LABEL"), completion: .keys) var key: String?
    @Option(help: ArgumentHelp("Of this provider.", valueName: "NAME"), completion: .providers) var provider: String?
    @Option(help: ArgumentHelp("Of this client.", valueName: "NAME"), completion: .clients) var client: String?
    @Option(help: ArgumentHelp("With this HTTP status; 0 for callers that left.", valueName: "S")) var status: UInt32?
    @Option(name: .customLong("class"), help: ArgumentHelp("With this class of error.", valueName: "CLASS"))
    var errorClass: String?
    @Option(help: ArgumentHelp("Received then or later.", valueName: "T")) var since: MomentArgument?
    @Option(help: ArgumentHelp("Received before.", valueName: "T")) var until: MomentArgument?
    @OptionGroup var page: PageArguments
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let status = self.status, status != 0, !(100...999).contains(status) {
            throw ValidationError("--status: expected 0 or an HTTP status from 100 to 999.")
        }
        if self.csv, self.follow || self.summary || self.options.json != nil {
            throw ValidationError("--csv prints a list; --follow, --summary and --json do not go with it.")
        }
        if self.summary, self.follow || self.page.cursor != nil || self.page.limit != nil {
            throw ValidationError("--summary counts all requests; --follow, --cursor and --limit do not go with it.")
        }
        if self.follow, self.page.cursor != nil || self.until != nil {
            throw ValidationError("--follow shows what is to come; --cursor and --until do not go with it.")
        }
    }

    /// The filter.
    func filter(now: UInt64, zone: LocalZone) throws(CommandFailure) -> RequestFilter {
        let span = try SpanArguments(since: self.since, until: self.until, now: now, zone: zone)
        var filter = RequestFilter()
        filter.limit = self.page.limit ?? filter.limit
        filter.cursor = self.page.cursor ?? ""
        filter.since = span.since
        filter.until = span.until
        filter.key = self.key
        filter.provider = self.provider
        filter.client = self.client
        filter.status = self.status
        filter.errorClass = self.errorClass
        return filter
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let filter = try self.filter(now: invocation.now, zone: invocation.surroundings.zone)
        if self.summary {
            let summary = try await invocation.withDaemon(doing: "counting requests") { try await $0.summary(filter) }
            try invocation.show(RequestSummaryReport(summary: summary))
            return .success
        }
        if self.follow { return try await RequestTail(filter: filter, invocation: invocation).run() }
        let page = try await invocation.withDaemon(doing: "reading requests") {
            try await RequestGathering(filter).page(of: $0)
        }
        let report = RequestListReport(rows: page.rows)
        if self.csv { try invocation.print(csv: report.csv) } else { try invocation.show(report) }
        if !self.csv, invocation.json == nil, page.rows.isEmpty, page.cursor.isEmpty {
            invocation.note("kmictl: no requests.")
        }
        if !page.cursor.isEmpty { invocation.note("kmictl: there are more: --cursor \(page.cursor)") }
        return .success
    }
}
