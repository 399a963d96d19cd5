import ArgumentParser
import DBusControl

/// `kmictl doctor`.
struct DoctorCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether everything is in order, and tell what to do where it is not.",
        discussion: """
            Each line is ok, warn or fail. Ends with 0 if nothing fails, else with 1. Providers are called without any key.
            """
    )

    @Flag(help: "Leave the providers alone.") var offline = false
    @Option(
        name: .customLong("port"),
        help: ArgumentHelp(
            "A port that kmid is to have, for when it is not running; may be repeated (7878 and 7879).", valueName: "N")
    )
    var ports: [UInt16] = []
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let examination = Examination(
            isOffline: self.offline, ports: self.ports.isEmpty ? Examination.usualPorts : self.ports,
            bus: self.options.bus)
        let report = DoctorReport(rows: await examination.rows(invocation))
        try invocation.show(report)
        invocation.hint(report.summary)
        return report.hasFailures ? .failed : .success
    }
}
