import ArgumentParser
import DBusControl

/// `kmictl usage`.
struct UsageCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what was used and what it cost.",
        discussion: """
            \(MomentArgument.help) Usage is counted by whole hours (UTC). In the table ~ marks costs of tokens that were \
            cut short, guessed or unknown, +? those that lack tokens without a price, and ? stands where none has one.
            """
    )

    @Option(
        help: ArgumentHelp(
            "What to sum up by: \(UsageAxis.allCases.map(\.rawValue).joined(separator: ", ")); several joined by commas.",
            valueName: "NAMES"))
    var by = AxisList(axes: [.model])
    @Option(help: ArgumentHelp("Received in this hour or later.", valueName: "T")) var since: MomentArgument?
    @Option(help: ArgumentHelp("Received before the end of this hour.", valueName: "T")) var until: MomentArgument?
    @Option(help: ArgumentHelp("With this key.", valueName: "LABEL"), completion: .keys) var key: String?
    @Option(help: ArgumentHelp("Of this provider.", valueName: "NAME"), completion: .providers) var provider: String?
    @Option(help: ArgumentHelp("Answered by this model.", valueName: "NAME"), completion: .models) var model: String?
    @Option(help: ArgumentHelp("Of this client.", valueName: "NAME"), completion: .clients) var client: String?
    @Option(help: ArgumentHelp("Of this project.", valueName: "NAME")) var project: String?
    @Option(help: ArgumentHelp("Sent by a process of this name.", valueName: "NAME")) var process: String?
    @Flag(help: "Print comma-separated values (RFC 4180).") var csv = false
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard !self.csv || self.options.json == nil else {
            throw ValidationError("--csv and --json exclude each other.")
        }
    }

    /// The query, in whole hours.
    ///
    /// A day has the hours that begin in it, as the daemon counts them: where a zone is half an hour off, its first half
    /// hour belongs to the day before.
    func query(now: UInt64, zone: LocalZone) throws(CommandFailure) -> UsageQuery {
        let span = try SpanArguments(since: self.since, until: self.until, now: now, zone: zone)
        let isDay = self.since?.isDate == true
        var query = UsageQuery()
        query.by = self.by.axes
        query.since = span.since.map { isDay ? UsageQuery.endOfHour(of: $0) : UsageQuery.hour(of: $0) }
        query.until = span.until.map(UsageQuery.endOfHour)
        query.key = self.key
        query.provider = self.provider
        query.model = self.model
        query.client = self.client
        query.project = self.project
        query.process = self.process
        return query
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let query = try self.query(now: invocation.now, zone: invocation.surroundings.zone)
        let rows = try await invocation.withDaemon(doing: "adding up") {
            try await UsageGathering(query, now: invocation.now).rows(of: $0)
        }
        let report = UsageReport(rows: rows, by: query.by)
        if self.csv { try invocation.print(csv: report.csv) } else { try invocation.show(report) }
        let isText = !self.csv && invocation.json == nil
        if isText, rows.isEmpty { invocation.note("kmictl: \(Self.nothing(query))") }
        // What was asked for may begin and end within an hour.
        let begin = query.since.flatMap(Timestamp.text).map { "from \($0)" }
        let end = query.until.flatMap(Timestamp.text).map { "until \($0)" }
        let span = [begin, end].compactMap(\.self).joined(separator: " ")
        if !span.isEmpty { invocation.note("kmictl: usage \(span).") }
        if isText { for line in report.legend { invocation.note("kmictl: \(line)") } }
        return .success
    }

    private static func nothing(_ query: UsageQuery) -> String {
        var all = UsageQuery()
        all.by = query.by
        return query == all ? "nothing used yet." : "nothing used of what was asked for."
    }
}

/// What usage is summed up by: `model,day`.
struct AxisList: ExpressibleByArgument, CustomStringConvertible, Sendable, Equatable {
    let axes: [UsageAxis]

    init(axes: [UsageAxis]) {
        self.axes = axes
    }

    init?(argument: String) {
        guard let axes = UsageAxis.list(argument) else { return nil }
        self.init(axes: axes)
    }

    static var allValueStrings: [String] { UsageAxis.allCases.map(\.rawValue) }

    var description: String { self.axes.map(\.rawValue).joined(separator: ",") }

    var defaultValueDescription: String { self.description }
}
