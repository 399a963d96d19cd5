import Foundation
import TestSupport
import Testing

/// The monitoring kit at a real Prometheus server (X-047, T-019).
@Suite(
    "Alerts", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: MonitoringTools.obstacle == nil, "\(MonitoringTools.obstacle ?? "")"))
struct AlertTests {
    /// A change that spoils a file, and what is said of it.
    private struct Fault: Sendable {
        let file: String
        let old: String
        let new: String
        let complaint: String
    }

    private static let faults = [
        Fault(
            file: "monitoring/alerts.yml", old: "kmi_shedding == 1", new: "kmi_sheddin == 1",
            complaint: "the metric kmi_sheddin is never exported"),
        Fault(
            file: "monitoring/alerts.yml", old: #"kmi_rejected_total{reason="overloaded"}"#,
            new: #"kmi_rejected_total{code="overloaded"}"#, complaint: "kmi_rejected_total has no label code"),
        Fault(
            file: "docs/operations.md", old: "### KMIDown\n", new: "### KMIGone\n",
            complaint: "### KMIDown is missing"),
        Fault(
            file: "docs/operations.md", old: "### provider_tls\n", new: "### provider_ssl\n",
            complaint: "### provider_tls is missing"),
        Fault(
            file: "monitoring/grafana/kmi.json", old: "kmi_active_streams", new: "kmi_streams",
            complaint: "is not what make-dashboard writes"),
    ]

    @Test("every alert fires when what it tells of happens, and ends by itself")
    func fireAndEnd() async throws {
        let python = try #require(Tools.path(of: "python3"))
        let result = try await TemporaryDirectory.with { programs in
            try BuildProducts.link(in: programs)
            return try await FinishedProcess.run(
                python,
                arguments: [BuildProducts.packageRoot + "/monitoring/tests/live.py", "--binaries", programs.path],
                environment: MonitoringTools.environment, within: .seconds(175))
        }
        #expect(result.isSuccess, "\(result.standardOutput)\n\(result.standardError)")
        #expect(result.standardOutput.contains("all of them have ended by themselves"))
    }

    @Test(
        "a metric that is never exported, a label that there is not, and an alert without a heading are found (X-047)",
        arguments: Self.faults.indices)
    func checkFindsFaults(index: Int) async throws {
        let fault = Self.faults[index]
        let python = try #require(Tools.path(of: "python3"))
        try await TemporaryDirectory.with { directory in
            // Everything that is looked at, one file of it spoilt.
            for part in ["monitoring", "scripts", "docs"] {
                try FileManager.default.copyItem(
                    atPath: BuildProducts.packageRoot + "/" + part, toPath: directory.path(part))
            }
            for part in ["Sources", ".tools"] {
                try FileManager.default.createSymbolicLink(
                    atPath: directory.path(part), withDestinationPath: BuildProducts.packageRoot + "/" + part)
            }
            let text = try String(contentsOfFile: directory.path(fault.file), encoding: .utf8)
            #expect(text.contains(fault.old))
            try text.replacingOccurrences(of: fault.old, with: fault.new)
                .write(toFile: directory.path(fault.file), atomically: true, encoding: .utf8)
            let result = try await FinishedProcess.run(
                python, arguments: [directory.path("scripts/check-monitoring")],
                environment: MonitoringTools.environment, within: .seconds(60))
            #expect(result.status == .exited(1))
            #expect(result.standardOutput.contains(fault.complaint), "\(fault.file): \(result.standardOutput)")
        }
    }
}

/// What the kit is tried with.
enum MonitoringTools {
    /// Why it cannot be; `nil` if it can.
    static let obstacle: String? = {
        for tool in ["prometheus", "promtool"] {
            let own = BuildProducts.packageRoot + "/.tools/bin/" + tool
            guard FileManager.default.isExecutableFile(atPath: own) || Tools.path(of: tool) != nil else {
                return "\(tool) is missing: make setup gets it"
            }
        }
        return Tools.path(of: "python3") == nil ? "python3 is missing" : nil
    }()

    /// What its scripts are started with.
    static var environment: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        ]
    }
}
