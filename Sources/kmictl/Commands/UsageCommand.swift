import ArgumentParser
import DBusControl

/// `kmictl usage`.
struct UsageCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what was used and what it cost.",
        discussion: """
            T is RFC 3339, a date, or a time ago such as 2h; usage is counted by whole hours (UTC). In the table ~ marks \
            costs of tokens that were cut short or guessed, and +? those that lack tokens without a price.
            """
    )

    @Option(
        help: ArgumentHelp(
            "What to sum up by: \(UsageAxis.allCases.map(\.rawValue).joined(separator: ", ")); several joined by commas.",
            valueName: "NAMES"))
    var by = AxisList(axes: [.model])
    @Option(help: ArgumentHelp("Received in this hour or later.", valueName: "T")) var since: MomentArgument?
    @Option(help: ArgumentHelp("Received before the end of this hour.", valueName: "T")) var until: MomentArgument?
    @Option(help: ArgumentHelp("With this key.", valueName: "LABEL")) var key: String?
    @Option(help: ArgumentHelp("Of this provider.", valueName: "NAME")) var provider: String?
    @Option(help: ArgumentHelp("Answered by this model.", valueName: "NAME")) var model: String?
    @Option(help: ArgumentHelp("Of this client.", valueName: "NAME")) var client: String?
    @Option(help: ArgumentHelp("Of this project.", valueName: "NAME")) var project: String?
    @Option(help: ArgumentHelp("Sent by a process of this name.", valueName: "NAME")) var process: String?
    @Flag(help: "Print comma-separated values (RFC 4180).") var csv = false
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard !self.csv || self.options.json == nil else {
            throw ValidationError("--csv and --json exclude each other.")
        }
    }

    /// The query, with times counted from `now`.
    func query(now: UInt64) -> UsageQuery {
        var query = UsageQuery()
        query.by = self.by.axes
        query.since = self.since.map { UsageQuery.hour(of: $0.before(now)) }
        query.until = self.until.map { UsageQuery.endOfHour(of: $0.before(now)) }
        query.key = self.key
        query.provider = self.provider
        query.model = self.model
        query.client = self.client
        query.project = self.project
        query.process = self.process
        return query
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let query = self.query(now: invocation.now)
        let rows = try await invocation.withDaemon { try await $0.usage(query) }
        let report = UsageReport(rows: rows, by: query.by)
        if self.csv { try invocation.print(csv: report.csv) } else { try invocation.show(report) }
        // What was asked for may begin and end within an hour.
        let begin = query.since.flatMap(Timestamp.text).map { "from \($0)" }
        let end = query.until.flatMap(Timestamp.text).map { "until \($0)" }
        let span = [begin, end].compactMap(\.self).joined(separator: " ")
        if !span.isEmpty { invocation.note("kmictl: usage \(span).") }
        if !self.csv, invocation.json == nil, let legend = report.legend { invocation.note("kmictl: \(legend)") }
        return .success
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
